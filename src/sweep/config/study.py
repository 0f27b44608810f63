"""What a study adds to a training run: search, execution, tracking and budget. And `Config`, which holds everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from sweep.config.choices import (
    Auto,
    Device,
    ExecutionName,
    FinetuneStrategy,
    ModelName,
    Objective,
    RegimeChoice,
    SamplerName,
    StrategyName,
)
from sweep.config.fields import Bounds, check
from sweep.config.parts import (
    AugmentConfig,
    DataConfig,
    FinetuneConfig,
    ModelConfig,
    OptimizerConfig,
    Part,
    ScheduleConfig,
    TrainConfig,
)
from sweep.errors import ConfigError

VIT_PATCH = 16
"""Pixels on a side of what vit_b16 takes for one word."""


@dataclass(kw_only=True, slots=True, frozen=True)
class StudyConfig(Part):
    """Which study a command means."""

    new: bool = False
    """Open another study for the same command instead of continuing the one that exists."""


@dataclass(kw_only=True, slots=True, frozen=True)
class SearchConfig(Part):
    """How the space is searched."""

    sampler: SamplerName = SamplerName.auto
    """Who proposes the next trial's values."""
    strategy: StrategyName = StrategyName.asha
    """Which trials are trained on."""
    reduction_factor: Annotated[int, Bounds(2, 10)] = 3
    """asha promotes the best 1/reduction_factor of a rung."""
    rungs: Annotated[int, Bounds(1, 6)] = 3
    """How many times a trial is compared, its end included; the first comparison is never before epoch 3."""
    startup_trials: Annotated[int, Bounds(1, 1000)] = 5
    """Space-filling trials before the sampler learns from results (tpe and gp)."""


@dataclass(kw_only=True, slots=True, frozen=True)
class ExecutionConfig(Part):
    """Where trials are trained."""

    name: ExecutionName = ExecutionName.local
    """Which processes train."""
    workers: Annotated[int | Auto, Bounds(1, 256)] = Auto.auto
    """Trials that are trained at once; auto: by cores and memory, or one per GPU."""
    threads: Annotated[int | Auto, Bounds(1, 256)] = Auto.auto
    """CPU threads of each worker; auto: its share of the cores. Fixed when the study is opened: results depend on it."""
    checkpoint_every_s: Annotated[float, Bounds(0, 86400)] = 30.0
    """Between rungs a checkpoint is written at the end of an epoch when this many seconds have passed."""
    checkpoints_gb: Annotated[float, Bounds(0, 100_000)] = 20.0
    """Most GB that the checkpoints of paused trials take; beyond it those of the worst go, which are trained anew if promoted."""
    worker_timeout_s: Annotated[float, Bounds(1, 86400)] = 300.0
    """A worker that finished no batch for so many seconds is taken for lost, and its job is tried once more."""


@dataclass(kw_only=True, slots=True, frozen=True)
class TrackingConfig(Part):
    """Where trials are shown while they run, besides the journal that is always written."""

    mlflow: bool = True
    """Write to MLflow: to MLFLOW_TRACKING_URI, or sqlite:///mlflow.db in the working folder."""
    optuna: bool = True
    """Write for Optuna: to study.db in the study's folder, or to the database that OPTUNA_STORAGE names."""
    flush_timeout_s: Annotated[float, Bounds(0, 3600)] = 60.0
    """How many seconds the end of a sweep waits for a server that does not answer."""


@dataclass(kw_only=True, slots=True, frozen=True)
class BudgetConfig(Part):
    """When a study is done: counted over every time that it was started."""

    trials: Annotated[int, Bounds(1, 100_000)] = 20
    """Most trials, the baseline among them."""
    epochs: Annotated[int | None, Bounds(1, 100_000_000)] = None
    """Most epochs, over all trials; null: no limit."""
    hours: Annotated[float | None, Bounds(0, 100_000, low_open=True)] = None
    """Most hours of wall time; null: no limit."""


@dataclass(kw_only=True, slots=True, frozen=True)
class Config(Part):
    """Everything about one study; with a trial's values put in, everything about that trial."""

    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 0
    """From which every random number is derived."""
    device: Device = Device.auto
    """What trains; auto: cuda, else mps, else cpu."""
    regime: RegimeChoice = RegimeChoice.auto
    """Which of `sweeps/` counts; auto: by the number of pictures."""
    objective: Objective = Objective.accuracy
    """What trials are compared by, on the validation split."""
    output_dir: str = "outputs"
    """Where studies are written."""
    cache_dir: str | None = None
    """Where decoded pictures are kept; null: the user's cache folder."""
    study: StudyConfig = field(default_factory=StudyConfig)
    model: ModelConfig
    data: DataConfig
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    finetune: FinetuneConfig = field(default_factory=FinetuneConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    space: Mapping[str, Any] = field(default_factory=dict)
    """What the user adds to the regime's space, takes out of it (null) or changes in it."""

    def __post_init__(self) -> None:
        check(self)
        for name in ("output_dir", "cache_dir"):
            if getattr(self, name) == "":
                raise ConfigError(f"{name} is empty", f"give a folder, {name}=DIR, or leave it out")
        if self.model.name == ModelName.vit_b16 and self.data.image_size % VIT_PATCH:
            below = self.data.image_size // VIT_PATCH * VIT_PATCH
            raise ConfigError(
                f"data.image_size={self.data.image_size}: vit_b16 cuts pictures into squares of {VIT_PATCH} pixels",
                f"give a multiple of {VIT_PATCH}: data.image_size={below}",
            )
        if self.model.weights == "none" and self.finetune.strategy is not FinetuneStrategy.full:
            raise ConfigError(
                f"finetune.strategy={self.finetune.strategy} keeps the backbone, which model.weights=none leaves random",
                "give pretrained weights: model.weights=FILE, or finetune=full",
            )
