"""Two runs of one trial, side by side: whether the second gave the first again, and what was different about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sweep.analysis.noise import within_noise
from sweep.config.fields import flatten

ABSENT = "absent"


class Verdict(StrEnum):
    """Its values are the words that people read."""

    identical = "bitwise identical"
    """Every metric of every epoch is the same, bit for bit, and so are the weights where `not_compared` is empty."""
    within_noise = "within noise"
    """Something differs, but the last validation accuracies are too near to tell apart."""
    differs = "differs"

    @property
    def exit_code(self) -> int:
        return {Verdict.identical: 0, Verdict.within_noise: 3, Verdict.differs: 4}[self]


@dataclass(frozen=True, slots=True)
class TrialRun:
    """What one training of a trial left behind."""

    metrics: Mapping[int, Mapping[str, float]]
    """By epoch, from 1."""
    weights_sha256: str | None
    environment: Mapping[str, Any]
    """Everything the result may depend on besides the configuration, by subject: data, code, packages, threads, hardware."""


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """How far one metric is from what it was, over all epochs that both runs have."""

    name: str
    max_abs: float
    """The largest absolute difference; infinite where only one of the two is a number."""
    epoch: int
    """Where it is that large."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something in the surroundings that is not what it was."""

    name: str
    """Dotted path, for example `packages.torch`."""
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.name}: {self.old} → {self.new}"


@dataclass(frozen=True, slots=True)
class Comparison:
    verdict: Verdict
    epochs: tuple[int, int]
    """How many epochs the first and the second run have."""
    first_differing_epoch: int | None
    metrics: tuple[MetricDifference, ...]
    """Largest difference first; empty when all are the same."""
    same_weights: bool | None
    """None where a run's hash is not known."""
    changes: tuple[Change, ...]
    """By name."""

    @property
    def not_compared(self) -> tuple[str, ...]:
        """What the verdict says nothing about, because a run has no record of it."""
        return ("weights",) if self.same_weights is None else ()


def compare_runs(old: TrialRun, new: TrialRun, num_val_pictures: int) -> Comparison:
    """Compares `new`, a repetition, with `old`.

    Floats are compared exactly, and a NaN equals a NaN. A run that has another number of epochs differs.
    """
    shared = sorted(set(old.metrics) & set(new.metrics))
    differing = [epoch for epoch in shared if not _same_epoch(old.metrics[epoch], new.metrics[epoch])]
    same_weights = None if None in (old.weights_sha256, new.weights_sha256) else old.weights_sha256 == new.weights_sha256
    same_epochs = set(old.metrics) == set(new.metrics)
    if same_epochs and not differing and same_weights is not False:
        verdict = Verdict.identical
    elif same_epochs and shared and _ends_within_noise(old.metrics[shared[-1]], new.metrics[shared[-1]], num_val_pictures):
        verdict = Verdict.within_noise
    else:
        verdict = Verdict.differs
    return Comparison(
        verdict=verdict,
        epochs=(len(old.metrics), len(new.metrics)),
        first_differing_epoch=differing[0] if differing else None,
        metrics=_metric_differences(old.metrics, new.metrics, differing),
        same_weights=same_weights,
        changes=compare_environments(old.environment, new.environment),
    )


def compare_environments(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """What is not the same in two nested mappings, by dotted name."""
    before, after = flatten(old), flatten(new)
    return tuple(
        Change(name, str(before.get(name, ABSENT)), str(after.get(name, ABSENT)))
        for name in sorted(before.keys() | after.keys())
        if (name in before, before.get(name)) != (name in after, after.get(name))
    )


def _same_number(old: float, new: float) -> bool:
    return old == new or (math.isnan(old) and math.isnan(new))


def _same_epoch(old: Mapping[str, float], new: Mapping[str, float]) -> bool:
    return old.keys() == new.keys() and all(_same_number(old[name], new[name]) for name in old)


def _ends_within_noise(old: Mapping[str, float], new: Mapping[str, float], num_val_pictures: int) -> bool:
    accuracies = old.get("val/accuracy", math.nan), new.get("val/accuracy", math.nan)
    return not any(map(math.isnan, accuracies)) and within_noise(*accuracies, num_val_pictures)


def _distance(old: float, new: float) -> float:
    distance = abs(old - new)
    return math.inf if math.isnan(distance) else distance


def _metric_differences(
    old: Mapping[int, Mapping[str, float]], new: Mapping[int, Mapping[str, float]], epochs: list[int]
) -> tuple[MetricDifference, ...]:
    worst: dict[str, MetricDifference] = {}
    for epoch in epochs:
        for name in old[epoch].keys() | new[epoch].keys():
            pair = old[epoch].get(name, math.nan), new[epoch].get(name, math.nan)
            if _same_number(*pair) and name in old[epoch] and name in new[epoch]:
                continue
            distance = _distance(*pair)
            if name not in worst or distance > worst[name].max_abs:
                worst[name] = MetricDifference(name, distance, epoch)
    return tuple(sorted(worst.values(), key=lambda difference: (-difference.max_abs, difference.name)))
