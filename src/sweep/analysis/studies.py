"""Several studies side by side: what each was told that the others were not, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from sweep.analysis.noise import Interval
from sweep.config import Objective
from sweep.journal.history import History

REPEATING = ("data.fold", "seed")
"""Settings that repeat a study on another part of the pictures, or with other chances."""


@dataclass(frozen=True, slots=True)
class StudyResult:
    """One study of several."""

    settings: tuple[str, ...]
    """The overrides that set it apart from the others."""
    study: str
    num_trials: int
    objective: Objective
    value: float | None
    """The objective of the best trial, on the validation split; None while no trial has come to its end."""
    test_accuracy: float | None
    """Of the same trial, on the test split."""
    test_interval: Interval | None
    """It holds the test accuracy with 95 %."""
    parameters: int | None
    size_mb: float | None
    """Of the network as fp32, in 10⁶ bytes."""
    hours: float
    """Of wall time, over all sittings."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the objective over studies that repeat each other."""

    over: str
    """What they differ in."""
    objective: Objective
    mean: float
    deviation: float
    """Of the sample: with n - 1 below the sum of squares."""
    count: int


def distinguishing(overrides: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Of each study's overrides those that not all the others have too."""
    counts = Counter(override for some in overrides for override in set(some))
    return [tuple(override for override in some if counts[override] < len(overrides)) for some in overrides]


def study_result(history: History, settings: tuple[str, ...]) -> StudyResult:
    """What the study has come to so far."""
    best, network = history.best(), history.opened.network
    score = {} if best is None else history.test_scores.get(best.number, {})
    return StudyResult(
        settings=settings,
        study=history.opened.study,
        num_trials=len(history.trials),
        objective=history.objective,
        value=None if best is None else best.value_at(best.epochs_done),
        test_accuracy=score.get("test/accuracy"),
        test_interval=Interval(score["test/accuracy_low"], score["test/accuracy_high"]) if score else None,
        parameters=network.get("parameters"),
        size_mb=network.get("size_mb"),
        hours=history.hours_spent,
    )


def best_first(results: Iterable[StudyResult]) -> list[StudyResult]:
    """By the objective, those without a value last; in the given order where the studies have different objectives."""
    results = list(results)
    if len({result.objective for result in results}) > 1:
        return results
    scored = [result for result in results if result.value is not None]
    scored.sort(key=lambda result: result.objective.score(result.value or 0.0), reverse=True)
    return [*scored, *(result for result in results if result.value is None)]


def spread(results: Sequence[StudyResult]) -> Spread | None:
    """Mean and deviation of the objective, where the studies differ in fold or seed only and two of them have a value."""
    keys = dict.fromkeys(setting.partition("=")[0] for result in results for setting in result.settings)
    values = [result.value for result in results if result.value is not None]
    if not keys or not keys.keys() <= set(REPEATING) or len(values) < 2:
        return None
    return Spread(" and ".join(keys), results[0].objective, mean(values), stdev(values), len(values))
