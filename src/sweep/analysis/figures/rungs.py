"""All trials' validation curves over the share of their own schedules: what stopping early saved."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sweep.analysis.figures.style import BLUE, FAINT, GREEN, MUTED, VERMILLION, dress, finite, head, legend, new_figure
from sweep.analysis.naming import OBJECTIVE_LABELS, counted
from sweep.journal.fate import Fate, fate_of
from sweep.journal.history import History, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Role(StrEnum):
    """How a trial's curve is shown, the plainest first."""

    unfinished = "not trained to its end"
    failed = "failed"
    complete = "complete"
    baseline = "baseline"
    champion = "champion"


@dataclass(frozen=True, slots=True)
class Curve:
    trial: int
    role: Role
    shares: tuple[float, ...]
    """Of the trial's own schedule, one per epoch trained."""
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RungCurves:
    title: str
    value_label: str
    curves: tuple[Curve, ...]
    rung_shares: tuple[float, ...]
    """The median share of the schedule at each rung before the end, ascending."""
    num_stopped: int
    num_ended_early: int
    epochs_trained: int
    epochs_in_full: int
    """What training every trial to its end would have taken."""

    @property
    def subtitle(self) -> str:
        """What was saved, in a sentence."""
        of_trials = f" of {counted(len(self.curves), 'trial')}"
        parts: list[str] = []
        for count, words in ((self.num_stopped, "not trained to the end"), (self.num_ended_early, "ended early")):
            if count:
                parts.append(f"{count}{'' if parts else of_trials} {words}")
        if not parts:
            return "Every trial was trained to its end."
        percent = 100 * self.epochs_trained / self.epochs_in_full
        return f"{', '.join(parts)}: {self.epochs_trained} epochs instead of {self.epochs_in_full} ({percent:.0f} %)."


def rung_curves(history: History) -> RungCurves:
    """The objective of every epoch of every trial."""
    champion = history.best()
    trials = [trial for _, trial in sorted(history.trials.items())]
    curves = tuple(_curve(trial, _role(history, trial, champion)) for trial in trials)
    return RungCurves(
        title=f"Validation curves of {history.opened.study}",
        value_label=OBJECTIVE_LABELS[history.objective],
        curves=curves,
        rung_shares=_rung_shares([trial for trial in trials if not trial.ended_early]),
        num_stopped=sum(fate_of(history, trial) is not Fate.complete for trial in trials),
        num_ended_early=sum(trial.ended_early for trial in trials),
        epochs_trained=history.epochs_trained,
        epochs_in_full=sum(trial.epochs for trial in trials),
    )


def _role(history: History, trial: Trial, champion: Trial | None) -> Role:
    fate = fate_of(history, trial)
    if champion is not None and trial.number == champion.number:
        return Role.champion
    if fate is Fate.failed:
        return Role.failed
    if trial.number == 0:
        return Role.baseline
    return Role.complete if fate is Fate.complete else Role.unfinished


def _curve(trial: Trial, role: Role) -> Curve:
    epochs = sorted(trial.reports)
    values = tuple(trial.value_at(epoch) for epoch in epochs)
    return Curve(trial.number, role, tuple(epoch / trial.epochs for epoch in epochs), values)


def _rung_shares(trials: list[Trial]) -> tuple[float, ...]:
    # Told by their distance from the end: short trials have fewer rungs, and they are the last ones.
    distances = range(max((len(trial.rungs) for trial in trials), default=0) - 1, 0, -1)
    return tuple(
        statistics.median(trial.rungs[-1 - distance] / trial.epochs for trial in trials if len(trial.rungs) > distance)
        for distance in distances
    )


_STYLE = {
    Role.unfinished: (FAINT, 1.1),
    Role.failed: ("#8C8C8C", 1.1),
    Role.complete: (BLUE, 1.3),
    Role.baseline: (GREEN, 2.0),
    Role.champion: (VERMILLION, 2.4),
}


def draw_rung_curves(record: RungCurves) -> Figure:
    """Curves coloured by what became of the trial; a dot where it ended early, a cross where it failed."""
    figure = new_figure(8.8, 4.8)
    axes = figure.subplots()
    for index, share in enumerate(record.rung_shares):
        label = "rung" if index == 0 else None
        axes.axvline(100 * share, color=MUTED, linewidth=0.8, linestyle=":", label=label, zorder=0)
    named: set[Role] = set()
    for curve in sorted(record.curves, key=lambda one: list(Role).index(one.role)):
        if curve.values:
            _draw_curve(axes, curve, label=None if curve.role in named else str(curve.role))
            named.add(curve.role)
    dress(axes, x_label="share of the trial's own schedule, %", y_label=record.value_label)
    axes.set_xlim(0, 101.5)
    legend(axes, loc="center left", bbox_to_anchor=(1.0, 0.5))
    head(figure, record.title, record.subtitle)
    return figure


def _draw_curve(axes: Axes, curve: Curve, label: str | None) -> None:
    color, width = _STYLE[curve.role]
    percents, values = [100 * share for share in curve.shares], finite(curve.values)
    order = 2 + list(Role).index(curve.role)
    axes.plot(percents, values, color=color, linewidth=width, label=label, zorder=order)
    if percents[-1] < 100:
        marker = "x" if curve.role is Role.failed else "o"
        axes.plot(percents[-1], values[-1], marker=marker, markersize=4, color="#8C8C8C", zorder=order)
