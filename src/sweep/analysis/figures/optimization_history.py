"""Every trial's value in the order the trials were created, and the best so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.analysis.fate import last_score_epoch
from sweep.analysis.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    NORMAL,
    VERMILLION,
    dress,
    head,
    legend,
    new_figure,
    whole_numbers,
)
from sweep.analysis.naming import OBJECTIVE_LABELS, counted
from sweep.journal.fate import Fate, fate_of
from sweep.journal.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Point:
    trial: int
    value: float | None
    """The objective at the trial's last rung; None where it passed none or failed."""
    fate: Fate


@dataclass(frozen=True, slots=True)
class OptimizationHistory:
    title: str
    subtitle: str
    value_label: str
    points: tuple[Point, ...]
    """By trial number."""
    best_so_far: tuple[tuple[int, float], ...]
    """(trial, value) for every complete trial: the best value among those up to it."""
    baseline: float | None
    champion: int | None


def optimization_history(history: History) -> OptimizationHistory:
    """The points of every trial; only complete trials make the line of the best so far."""
    points, best_so_far = [], []
    best_score = float("-inf")
    for number, trial in sorted(history.trials.items()):
        fate, epoch = fate_of(history, trial), last_score_epoch(trial)
        value = None if epoch is None or fate is Fate.failed else trial.value_at(epoch)
        points.append(Point(number, value, fate))
        if fate is Fate.complete and value is not None:
            best_score = max(best_score, history.objective.score(value))
            best_so_far.append((number, history.objective.score(best_score)))
    champion = history.best()
    return OptimizationHistory(
        title=f"{counted(len(points), 'trial')} of {history.opened.study}",
        subtitle="Values at each trial's last rung; those of trials not trained to their end come from shorter trainings.",
        value_label=OBJECTIVE_LABELS[history.objective],
        points=tuple(points),
        best_so_far=tuple(best_so_far),
        baseline=_baseline_value(points),
        champion=champion.number if champion else None,
    )


def _baseline_value(points: list[Point]) -> float | None:
    return next((point.value for point in points if point.trial == 0 and point.fate is Fate.complete), None)


def draw_optimization_history(record: OptimizationHistory) -> Figure:
    """Points by trial number, marked by what became of the trial."""
    figure = new_figure(8.4, 4.4)
    axes = figure.subplots()
    if record.best_so_far:
        numbers, values = [list(side) for side in zip(*record.best_so_far, strict=True)]
        last = record.points[-1].trial
        axes.step([*numbers, last], [*values, values[-1]], where="post", color=BLUE, linewidth=1.6, label="best so far", zorder=1)
    if record.baseline is not None:
        axes.axhline(record.baseline, color=GREEN, linewidth=1.2, linestyle="--", label="baseline", zorder=1)
    _draw_points(axes, record)
    dress(axes, x_label="trial", y_label=record.value_label)
    if all(point.value is None for point in record.points):
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no trial has passed a rung yet", transform=axes.transAxes, ha="center", fontsize=NORMAL, color=MUTED)
    whole_numbers(axes)
    axes.margins(x=0.03, y=0.12)
    if len(record.points) == 1:
        axes.set_xlim(-0.6, 0.6)
    legend(axes, loc="center left", bbox_to_anchor=(1.0, 0.5))
    head(figure, record.title, record.subtitle)
    return figure


def _draw_points(axes: Axes, record: OptimizationHistory) -> None:
    unfinished = [point for point in record.points if point.value is not None and point.fate is not Fate.complete]
    complete = [point for point in record.points if point.value is not None and point.fate is Fate.complete]
    for points, fill, label in ((unfinished, "white", "not trained to its end"), (complete, BLUE, "complete")):
        places = [point.trial for point in points], [point.value for point in points]
        if points:
            axes.scatter(*places, s=42, color=fill, edgecolors=BLUE, linewidths=1.3, label=label, zorder=3)  # type: ignore[arg-type]
    champion = [point for point in complete if point.trial == record.champion]
    if champion and champion[0].value is not None:
        style = {"marker": "*", "s": 230, "color": VERMILLION, "edgecolors": INK, "linewidths": 0.8}
        axes.scatter([champion[0].trial], [champion[0].value], label="champion", zorder=4, **style)  # type: ignore[arg-type]
    failed = [point.trial for point in record.points if point.fate is Fate.failed]
    if failed:
        bottom = axes.get_xaxis_transform()
        axes.scatter(failed, [0.02] * len(failed), marker="x", s=36, color=MUTED, transform=bottom, label="failed", zorder=3)
