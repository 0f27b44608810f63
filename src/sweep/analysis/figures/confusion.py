"""Which classes one trial takes for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.analysis.evaluation import Evaluation
from sweep.analysis.figures.style import FAINT, INK, NORMAL, SMALL, dress_colorbar, head, is_readable, new_figure
from sweep.analysis.naming import clip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_COUNTED, _MOST_NAMED = 40, 60
"""Up to so many classes every cell shows its count, every row its name."""
_LABEL_LETTERS = 22
_LETTER_IN = 0.065
"""Width of a letter of a class's name, in inches."""


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    title: str
    subtitle: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    """By true class (rows) and predicted class (columns)."""
    shares: tuple[tuple[float, ...], ...]
    """Of the pictures of the true class; a class without pictures has zeros."""

    @property
    def size(self) -> int:
        return len(self.labels)


def confusion_matrix(evaluation: Evaluation, title: str) -> ConfusionMatrix:
    """The evaluation's counts and, row by row, their shares."""
    worst = _worst_confusion(evaluation)
    shares = tuple(tuple(count / max(sum(row), 1) for count in row) for row in evaluation.confusion)
    summary = f"{evaluation.num_pictures} validation pictures, accuracy {evaluation.accuracy:.3f}."
    return ConfusionMatrix(title, f"{summary} {worst}".strip(), _labels(evaluation.classes), evaluation.confusion, shares)


def draw_confusion_matrix(matrix: ConfusionMatrix) -> Figure:
    """Rows of cells: the colour is the share of the true class, the number counts pictures."""
    side_in = min(max(0.33 * matrix.size, 3.4), 11.0)
    label_in = 0.4 + _LETTER_IN * (_most_letters(matrix) if matrix.size <= _MOST_NAMED else 4)
    figure = new_figure(side_in + label_in + 1.15, side_in + label_in + 0.8)
    axes = figure.subplots()
    image = axes.imshow(matrix.shares, cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    _name_classes(axes, matrix)
    if matrix.size <= _MOST_COUNTED:
        _count_cells(axes, matrix)
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=24, pad=0.02)
    dress_colorbar(bar, "share of the true class")
    head(figure, matrix.title, matrix.subtitle)
    return figure


def _labels(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The classes' names, shortened; by number where the font lacks a character (the table of classes has them in full)."""
    return tuple(
        clip(name, _LABEL_LETTERS) if is_readable(clip(name, _LABEL_LETTERS)) else f"class {number}"
        for number, name in enumerate(classes, 1)
    )


def _most_letters(matrix: ConfusionMatrix) -> int:
    return max((len(label) for label in matrix.labels), default=0)


def _worst_confusion(evaluation: Evaluation) -> str:
    mistakes = [
        (count, true, predicted)
        for true, row in enumerate(evaluation.confusion)
        for predicted, count in enumerate(row)
        if count and true != predicted
    ]
    if not mistakes:
        return ""
    count, true, predicted = max(mistakes, key=lambda mistake: (mistake[0], -mistake[1], -mistake[2]))
    names = _labels(evaluation.classes)
    return f"Most often confused: {names[true]} taken for {names[predicted]} ({count} of {sum(evaluation.confusion[true])})."


def _name_classes(axes: Axes, matrix: ConfusionMatrix) -> None:
    step = 1 if matrix.size <= _MOST_NAMED else matrix.size // 20
    ticks = list(range(0, matrix.size, step))
    names = [matrix.labels[tick] if step == 1 else str(tick + 1) for tick in ticks]
    size = SMALL if len(ticks) <= 34 else SMALL * 34 / len(ticks)
    is_narrow = _most_letters(matrix) * _LETTER_IN > 0.9 * max(0.33, 3.4 / max(matrix.size, 1))
    axes.set_yticks(ticks, names, fontsize=size, color=INK, parse_math=False)
    axes.set_xticks(ticks, names, fontsize=size, color=INK, rotation=90 if is_narrow else 0, parse_math=False)
    unit = "" if step == 1 else " (number)"
    axes.set_xlabel(f"predicted class{unit}", fontsize=NORMAL, color=INK)
    axes.set_ylabel(f"true class{unit}", fontsize=NORMAL, color=INK)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_color(FAINT)


def _count_cells(axes: Axes, matrix: ConfusionMatrix) -> None:
    size = min(SMALL, 260 / max(matrix.size, 1))
    for row, counts in enumerate(matrix.counts):
        for column, count in enumerate(counts):
            if count:
                color = "white" if matrix.shares[row][column] > 0.55 else INK
                axes.text(column, row, str(count), ha="center", va="center", fontsize=size, color=color)
