"""One trial's epochs: loss, accuracy, the gap between training and validation, the learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.analysis.fate import fate_words
from sweep.analysis.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    VERMILLION,
    dress,
    finite,
    head,
    legend,
    new_figure,
    whole_numbers,
)
from sweep.analysis.naming import short_names, short_number
from sweep.journal.history import History, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class LearningCurve:
    title: str
    settings: str
    epochs: tuple[int, ...]
    metrics: dict[str, tuple[float, ...]]
    """One number per epoch, NaN where the epoch has none."""
    rungs: tuple[int, ...]
    """Those that the trial passed."""
    best_epoch: int | None

    def best(self, metric: str) -> float:
        """The metric at the best epoch; NaN where there is none."""
        if self.best_epoch not in self.epochs:
            return float("nan")
        return self.metrics[metric][self.epochs.index(self.best_epoch)]


_METRICS = ("train/loss", "train/accuracy", "val/loss", "val/accuracy", "val/macro_f1", "gap/accuracy", "lr")


def learning_curve(history: History, trial: Trial) -> LearningCurve:
    """The trial's epochs as they were reported."""
    epochs = tuple(sorted(trial.reports))
    missing = float("nan")
    names = short_names(trial.params)
    return LearningCurve(
        title=f"Trial {trial.number}: {fate_words(history, trial)}",
        settings="   ".join(f"{names[path]} {short_number(value)}" for path, value in trial.params.items()),
        epochs=epochs,
        metrics={name: tuple(trial.reports[epoch].metrics.get(name, missing) for epoch in epochs) for name in _METRICS},
        rungs=tuple(dict.fromkeys(trial.rungs_passed)),
        best_epoch=trial.best_epoch,
    )


def draw_learning_curve(curve: LearningCurve) -> Figure:
    """Loss and accuracy above, the gap and the learning rate below, over the same epochs."""
    figure = new_figure(9.6, 5.4)
    loss, accuracy, gap, rate = figure.subplots(2, 2, sharex=True, height_ratios=[3, 1]).flat
    _draw_loss(loss, curve)
    _draw_accuracy(accuracy, curve)
    _draw_gap(gap, curve)
    _line(rate, curve, "lr", MUTED, linewidth=1.2)
    dress(rate, x_label="epoch", y_label="learning rate")
    rate.set_ylim(bottom=0)
    for axes in (loss, accuracy, gap, rate):
        _mark_rungs(axes, curve)
    whole_numbers(rate)
    last = max(curve.epochs, default=1)
    rate.set_xlim((0.4, 1.6) if last == 1 else (1 - 0.02 * last, last * 1.02))
    for axes in (loss, accuracy):
        legend(axes, loc="best")
    head(figure, curve.title, curve.settings)
    return figure


def _line(axes: Axes, curve: LearningCurve, metric: str, color: str, **options: object) -> None:
    marker = "o" if len(curve.epochs) <= 3 else None  # a line through one point would not be seen
    style = {"linewidth": 1.8, "marker": marker, "markersize": 5, **options}
    axes.plot(curve.epochs, finite(curve.metrics[metric]), color=color, **style)  # type: ignore[arg-type]


def _draw_loss(axes: Axes, curve: LearningCurve) -> None:
    _line(axes, curve, "train/loss", BLUE, label="training")
    _line(axes, curve, "val/loss", ORANGE, label="validation")
    _mark_best(axes, curve, "val/loss")
    dress(axes, y_label="loss")


def _draw_accuracy(axes: Axes, curve: LearningCurve) -> None:
    _line(axes, curve, "train/accuracy", BLUE, label="training")
    _line(axes, curve, "val/accuracy", ORANGE, label="validation")
    _line(axes, curve, "val/macro_f1", GREEN, label="validation macro-F1", linewidth=1.0, linestyle="--")
    _mark_best(axes, curve, "val/accuracy")
    dress(axes, y_label="accuracy")


def _draw_gap(axes: Axes, curve: LearningCurve) -> None:
    gap = finite(curve.metrics["gap/accuracy"])
    axes.axhline(0, color=FAINT, linewidth=1)
    axes.fill_between(curve.epochs, gap, 0, color=VERMILLION, alpha=0.18, linewidth=0)
    _line(axes, curve, "gap/accuracy", VERMILLION, linewidth=1.2)
    dress(axes, x_label="epoch", y_label="accuracy gap")


def _mark_best(axes: Axes, curve: LearningCurve, metric: str) -> None:
    best = curve.best(metric)
    if best == best:
        star = {"marker": "*", "markersize": 13, "color": ORANGE, "markeredgecolor": INK, "linestyle": "none", "zorder": 5}
        axes.plot([curve.best_epoch], [best], label=f"best epoch, {curve.best_epoch}: {best:.3f}", **star)  # type: ignore[arg-type]


def _mark_rungs(axes: Axes, curve: LearningCurve) -> None:
    for index, rung in enumerate(curve.rungs):
        axes.axvline(rung, color=MUTED, linewidth=0.8, linestyle=":", label="rung" if index == 0 else None, zorder=0)
