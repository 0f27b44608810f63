"""Every trial's value against each setting."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sweep.analysis.figures.scored import ScoredSpace, ScoredTrial
from sweep.analysis.figures.style import GREEN, INK, LETTER_IN, VERMILLION, dress, dress_colorbar, head, new_figure
from sweep.analysis.naming import counted, short_number
from sweep.config.space import Choices, FloatRange, IntRange

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_PANELS = 12
_COLUMNS = 4
_COLORS = "viridis_r"
_PANEL_IN = 2.1
"""Width of a panel's axis, about."""
_OPTION_REACH = 0.3
"""How far from an option's place its trials are drawn, where 1 is the distance between options."""


def draw_slices(record: ScoredSpace) -> Figure:
    """One panel per setting, at most twelve; the colour is the share of its schedule that the trial was trained for."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    left_out = len(record.space) - _MOST_PANELS
    record = record.first(_MOST_PANELS)
    paths = list(record.space)
    rows = math.ceil(len(paths) / _COLUMNS)
    columns = math.ceil(len(paths) / rows)
    figure = new_figure(max(1.4 + 2.5 * columns, 6.0), 1.0 + 2.5 * rows)
    panels = list(figure.subplots(rows, columns, sharey=True, squeeze=False).flat)
    for index, (axes, path) in enumerate(zip(panels, paths, strict=False)):
        _draw_panel(axes, record, path)
        dress(axes, x_label=record.names[path], y_label=record.value_label if index % columns == 0 else "", grid="both")
    for axes in panels[len(paths) :]:
        axes.set_visible(False)
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), _COLORS), ax=panels, aspect=30, pad=0.015)
    dress_colorbar(bar, "share of the schedule trained")
    head(figure, f"Settings and values, {record.study}", _subtitle(record, left_out))
    return figure


def _subtitle(record: ScoredSpace, left_out: int) -> str:
    sentences = ["Values at the last rung. Star: the champion; diamond: the baseline."]
    if any(isinstance(dimension, Choices) for dimension in record.space.values()):
        sentences.append("Trials of one option lie side by side.")
    if left_out > 0:
        sentences.append(f"{counted(left_out, 'more setting')} not shown.")
    return " ".join(sentences)


def _draw_panel(axes: Axes, record: ScoredSpace, path: str) -> None:
    dimension = record.space[path]
    if isinstance(dimension, Choices):
        _name_options(axes, dimension)
    else:
        _scale_axis(axes, dimension)
    axes.margins(y=0.09)
    offsets = record.offsets(path)
    for trial in record.trials:
        _draw_trial(axes, record, trial, _place(record, trial, path) + _OPTION_REACH * offsets[trial.number])


def _name_options(axes: Axes, dimension: Choices) -> None:
    labels = [short_number(option) for option in dimension.options]
    is_narrow = sum(len(label) + 2 for label in labels) * LETTER_IN > _PANEL_IN
    slant: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if is_narrow else {}
    axes.set_xticks(range(len(labels)), labels, parse_math=False, **slant)
    axes.set_xlim(-0.6, len(labels) - 0.4)


def _scale_axis(axes: Axes, dimension: FloatRange | IntRange) -> None:
    """The whole range, logarithmic where the dimension is, with a little room at its ends."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    low, high = float(dimension.low), float(dimension.high)
    if not dimension.log:
        axes.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=isinstance(dimension, IntRange)))
        return
    axes.set_xscale("log")
    room = (high / low) ** 0.04
    axes.set_xlim(low / room, high * room)
    decades = math.log10(high / low)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 1.2 else (1, 3) if decades < 2.2 else (1,), numticks=6))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _place(record: ScoredSpace, trial: ScoredTrial, path: str) -> float:
    dimension = record.space[path]
    value = trial.params[path]
    return float(dimension.options.index(value) if isinstance(dimension, Choices) else value)


def _draw_trial(axes: Axes, record: ScoredSpace, trial: ScoredTrial, place: float) -> None:
    if trial.number == record.champion:
        axes.scatter([place], [trial.value], marker="*", s=190, color=VERMILLION, edgecolors=INK, linewidths=0.7, zorder=5)
    elif trial.number == record.baseline:
        axes.scatter([place], [trial.value], marker="D", s=42, color=GREEN, edgecolors=INK, linewidths=0.7, zorder=4)
    else:
        shade: dict[str, Any] = {"c": [trial.share_trained], "cmap": _COLORS, "vmin": 0, "vmax": 1}
        axes.scatter([place], [trial.value], s=38, edgecolors="white", linewidths=0.7, zorder=3, **shade)
