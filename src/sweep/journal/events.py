"""What can happen in a study. Each event is one line of the journal; its fields are plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1


class JobOutcome(StrEnum):
    """How a job ended."""

    reached = "reached"
    """Trained up to the epoch that was asked for."""
    stopped_early = "stopped_early"
    """Ended before it, as `train.early_stopping` asks: the trial is complete."""
    interrupted = "interrupted"
    """Asked to stop; a checkpoint holds everything up to the epoch."""
    failed = "failed"
    """The trial cannot be trained: its loss became NaN or it diverged, or the device has no memory for it."""
    died = "died"
    """The worker vanished; the trial itself may be sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What a job came to, as the worker tells it and the journal keeps it."""

    outcome: JobOutcome
    epoch: int
    """The last epoch that was trained."""
    reason: str = ""
    best_epoch: int | None = None
    weights_sha256: str | None = None
    """Of best.safetensors' tensors (not of the file), as `reproduce` compares them."""


class Origin(StrEnum):
    """Where a trial's values come from."""

    baseline = "baseline"
    sampler = "sampler"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyOpened:
    """The first line: everything a trial's result depends on, fixed for the study's life."""

    schema: int
    study: str
    config: dict[str, Any]
    """The settled configuration: the regime's recommendations put in, nothing left to decide."""
    space: dict[str, dict[str, Any]]
    """Dotted path → dimension, as `sweep.config.space.space_to_plain` writes it."""
    baseline: dict[str, Any]
    """The values of trial 0, by dotted path."""
    overrides: list[str]
    """As typed by the user."""
    regime: str
    dataset: dict[str, Any]
    """name, root (as shown), fingerprint, classes, drawn; counts: num_pictures, num_classes, train, val, test, unreadable."""
    weights: dict[str, Any]
    """source (`imagenet`, `none`, or the file's name), sha256 (or null)."""
    machine: dict[str, Any]
    """What the probe found and every job must use: device, threads, channels_last, dtype, micro_batch."""
    environment: dict[str, Any]
    """Packages, Python, torch build, CPU capability, GPU, code version."""
    network: dict[str, Any] = field(default_factory=dict)
    """With the settled configuration: parameters (a count), size_mb (as fp32, in 10⁶ bytes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingStarted:
    """A driver took the study up."""

    pid: int
    host: str
    budget: dict[str, Any]
    environment: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCreated:
    trial: int
    params: dict[str, Any]
    """Dotted path → value, for every dimension of the space."""
    origin: Origin
    epochs: int
    """The length of the trial's own schedule."""
    rungs: list[int]
    """Epochs at which it is compared, ascending; the last is `epochs`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted:
    trial: int
    replicate: int
    attempt: int
    """Counts the jobs of this trial and replicate, from 0."""
    last_epoch: int
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReported:
    trial: int
    replicate: int
    attempt: int
    epoch: int
    """From 1."""
    metrics: dict[str, float]
    """train/loss, train/accuracy, val/loss, val/accuracy, val/macro_f1, from ten classes on val/top5_accuracy, gap/accuracy, lr:
    equal whenever it is trained again."""
    timings: dict[str, float]
    """epoch_s, pictures_per_s: of this time only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded:
    trial: int
    replicate: int
    attempt: int
    outcome: JobOutcome
    epoch: int
    """The last epoch that was trained."""
    reason: str = ""
    best_epoch: int | None = None
    weights_sha256: str | None = None
    """Of best.safetensors' tensors (not of the file), as `reproduce` compares them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactsWritten:
    """Files for people to look at lie in the study's folder and can be mirrored."""

    trial: int | None
    """None: they belong to the study as a whole."""
    files: list[str]
    """Relative to the study's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestScored:
    """The test split was used, once, for the best trial."""

    trial: int
    metrics: dict[str, float]
    """test/accuracy, test/accuracy_low, test/accuracy_high (95 % Wilson interval), test/macro_f1, test/loss, from ten classes on
    test/top5_accuracy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingEnded:
    """The driver put the study down."""

    reason: EndReason
    summary: str = ""
    """Markdown; the study's description where people browse."""
    leaderboard: list[int] = field(default_factory=list)
    """Trial numbers, best first."""


class EndReason(StrEnum):
    budget = "budget"
    """The budget is spent (or the grid is exhausted): paused trials stay where they stopped."""
    interrupted = "interrupted"


Event = (
    StudyOpened
    | SittingStarted
    | TrialCreated
    | JobStarted
    | EpochReported
    | JobEnded
    | ArtifactsWritten
    | TestScored
    | SittingEnded
)
