"""The configuration as typed parts that mirror `conf/` by name.

Nothing here knows of Hydra: `load.py` is the one door. Every part checks its fields against their annotations; relations
between fields are checked in the part that holds them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from sweep.config.fields import Bounds, check
from sweep.errors import ConfigError


class Auto(StrEnum):
    """The program decides, once per study, and records what it found."""

    auto = "auto"


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


class Regime(StrEnum):
    """How many labelled pictures there are, as far as settings and the search space are concerned."""

    tiny = "tiny"
    small = "small"
    medium = "medium"
    large = "large"


class RegimeChoice(StrEnum):
    auto = "auto"
    tiny = "tiny"
    small = "small"
    medium = "medium"
    large = "large"


class Objective(StrEnum):
    """What trials are compared by, on the validation split."""

    accuracy = "accuracy"
    macro_f1 = "macro_f1"
    loss = "loss"

    def score(self, value: float) -> float:
        """`value` on a scale where higher is better."""
        return -value if self is Objective.loss else value


class ModelName(StrEnum):
    mnv3_small = "mnv3_small"


class OnUnreadable(StrEnum):
    refuse = "refuse"
    skip = "skip"


class OptimizerName(StrEnum):
    adamw = "adamw"
    sgd = "sgd"


class ScheduleName(StrEnum):
    cosine = "cosine"
    constant = "constant"


class SamplerName(StrEnum):
    auto = "auto"
    tpe = "tpe"
    gp = "gp"
    random = "random"
    qmc = "qmc"
    grid = "grid"


class StrategyName(StrEnum):
    asha = "asha"
    full = "full"


class ExecutionName(StrEnum):
    inline = "inline"
    local = "local"


@dataclass(kw_only=True, slots=True, frozen=True)
class Part:
    """A part of the configuration: its fields are checked against their annotations whenever one is made."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(kw_only=True, slots=True, frozen=True)
class StudyConfig(Part):
    new: bool = False
    """Open another study for the same command instead of continuing the one that exists."""


@dataclass(kw_only=True, slots=True, frozen=True)
class ModelConfig(Part):
    name: ModelName
    weights: str = "auto"
    """`auto` (ImageNet's if at hand, else none, said), `imagenet`, `none`, or a .pth/.safetensors file."""
    dropout: Annotated[float, Bounds(0, 1, high_open=True)] = 0.2
    """Before the last layer."""
    batchnorm_momentum: Annotated[float, Bounds(0, 1, low_open=True)] = 0.1
    """torchvision's MobileNetV3 has 0.01, with which the running statistics trail far behind on small data."""


@dataclass(kw_only=True, slots=True, frozen=True)
class DataConfig(Part):
    name: str | None = None
    """Names the dataset in studies and experiments; null takes the root folder's name."""
    root: str | None = None
    """The folder of class folders. Null is allowed where the preset can draw its pictures."""
    drawn: str | None = None
    """Which pictures to draw when there is no root."""
    image_size: Annotated[int, Bounds(32, 1024)] = 224
    """Pixels on a side of what the network sees."""
    stored_size: Annotated[int | None, Bounds(32, 2048)] = None
    """Pixels on a side of what the cache keeps; null is image_size × 8/7, which leaves room for augmentation."""
    val_fraction: Annotated[float, Bounds(0, 0.5, low_open=True)] = 0.15
    test_fraction: Annotated[float, Bounds(0, 0.5, low_open=True)] = 0.15
    on_unreadable: OnUnreadable = OnUnreadable.refuse
    max_megapixels: Annotated[float, Bounds(0, 10000, low_open=True)] = 100.0
    """A larger picture counts as unreadable: a few kilobytes can unpack to gigabytes."""
    recommended: Mapping[str, Any] = field(default_factory=dict)
    """The preset's own settings, which become the baseline."""

    @property
    def cache_size(self) -> int:
        """Pixels on a side of the pictures in the decoded cache."""
        return self.stored_size or round(self.image_size * 8 / 7)

    def __post_init__(self) -> None:
        check(self)
        for name in ("root", "name"):
            if getattr(self, name) == "":
                raise ConfigError(f"data.{name} is empty", f"give data.{name} a value, or leave it out")
        if self.cache_size < self.image_size:
            raise ConfigError(
                f"data.stored_size={self.stored_size} is smaller than data.image_size={self.image_size}",
                "store at least what the network sees, or leave data.stored_size=null",
            )


@dataclass(kw_only=True, slots=True, frozen=True)
class OptimizerConfig(Part):
    name: OptimizerName = OptimizerName.adamw
    lr: Annotated[float, Bounds(0, 10, low_open=True)] = 1e-3
    weight_decay: Annotated[float, Bounds(0, 1)] = 1e-4
    """Never applied to biases and norm layers."""
    momentum: Annotated[float, Bounds(0, 1, high_open=True)] = 0.9
    """Of sgd (Nesterov)."""


@dataclass(kw_only=True, slots=True, frozen=True)
class ScheduleConfig(Part):
    name: ScheduleName = ScheduleName.cosine
    warmup_epochs: Annotated[float, Bounds(0, 100)] = 2.0
    """The learning rate rises linearly over these epochs, at most a quarter of the trial."""


@dataclass(kw_only=True, slots=True, frozen=True)
class TrainConfig(Part):
    epochs: Annotated[int, Bounds(1, 1000)] = 40
    batch_size: Annotated[int, Bounds(2, 4096)] = 32
    label_smoothing: Annotated[float, Bounds(0, 1, high_open=True)] = 0.0


@dataclass(kw_only=True, slots=True, frozen=True)
class AugmentConfig(Part):
    """One random affine map and one change of colour per picture and epoch."""

    flip: Annotated[float, Bounds(0, 1)] = 0.5
    """Probability of a horizontal flip."""
    rotation_deg: Annotated[float, Bounds(0, 180)] = 10.0
    shift: Annotated[float, Bounds(0, 0.5)] = 0.1
    """Share of the side, either way."""
    zoom: Annotated[float, Bounds(0, 0.9)] = 0.1
    """Scale is drawn from [1 - zoom, 1 + zoom]."""
    shear: Annotated[float, Bounds(0, 1)] = 0.0
    """Tangent of the shear angle, either way."""
    jitter: Annotated[float, Bounds(0, 1)] = 0.1
    """Brightness, contrast and saturation are each scaled by a factor from [1 - jitter, 1 + jitter]."""


@dataclass(kw_only=True, slots=True, frozen=True)
class SearchConfig(Part):
    sampler: SamplerName = SamplerName.auto
    strategy: StrategyName = StrategyName.asha
    reduction_factor: Annotated[int, Bounds(2, 10)] = 3
    """asha promotes the best 1/reduction_factor of a rung."""
    rungs: Annotated[int, Bounds(1, 6)] = 3
    """How many times a trial is compared, its end included; the first comparison is never before epoch 3."""
    startup_trials: Annotated[int, Bounds(1, 1000)] = 5
    """Space-filling trials before the sampler learns from results (tpe and gp)."""


@dataclass(kw_only=True, slots=True, frozen=True)
class ExecutionConfig(Part):
    name: ExecutionName = ExecutionName.local
    workers: Annotated[int | Auto, Bounds(1, 256)] = Auto.auto
    threads: Annotated[int | Auto, Bounds(1, 256)] = Auto.auto
    """Per worker. Part of what makes a trial repeatable, so it is fixed when the study is opened."""
    checkpoint_every_s: Annotated[float, Bounds(0, 86400)] = 30.0
    """Between rungs a checkpoint is written at the end of an epoch when this long has passed."""


@dataclass(kw_only=True, slots=True, frozen=True)
class TrackingConfig(Part):
    mlflow: bool = True
    """To MLFLOW_TRACKING_URI, or sqlite:///mlflow.db in the working folder."""
    optuna: bool = True
    """To study.db in the study's folder."""
    flush_timeout_s: Annotated[float, Bounds(0, 3600)] = 60.0
    """How long the end of a sweep waits for a server that does not answer."""


@dataclass(kw_only=True, slots=True, frozen=True)
class BudgetConfig(Part):
    """Counted for the whole study, over every time it was started."""

    trials: Annotated[int, Bounds(1, 100_000)] = 20
    epochs: Annotated[int | None, Bounds(1, 100_000_000)] = None
    hours: Annotated[float | None, Bounds(0, 100_000, low_open=True)] = None


@dataclass(kw_only=True, slots=True, frozen=True)
class Config(Part):
    """Everything about one study; with a trial's values put in, everything about that trial."""

    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 0
    device: Device = Device.auto
    regime: RegimeChoice = RegimeChoice.auto
    objective: Objective = Objective.accuracy
    output_dir: str = "outputs"
    cache_dir: str | None = None
    study: StudyConfig = field(default_factory=StudyConfig)
    model: ModelConfig
    data: DataConfig
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    space: Mapping[str, Any] = field(default_factory=dict)
    """What the user adds to the regime's space, takes out of it (null) or changes in it."""
