"""Every trial as one line through all its settings to its value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sweep.analysis.figures.scored import ScoredSpace
from sweep.analysis.figures.style import FAINT, INK, MUTED, NORMAL, SMALL, VERMILLION, head, new_figure
from sweep.analysis.naming import counted, short_number
from sweep.config.space import Choices, Dimension

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

_COLORS = "viridis"
_BAND = "#E4E4E4"
_MOST_AXES = 13
_WIDEST_IN = 17.0
"""A wider figure is shown so small that nobody can read it."""
_OPTION_REACH = 0.3
"""How far from an option's place its lines cross the axis, where 1 is the distance between options."""
_NAME_LETTERS = 12
"""A longer name below an axis is broken at its dot or underscore."""


def height_of(dimension: Dimension, value: Any) -> float:
    """Where `value` lies on its dimension's axis, from 0 (bottom) to 1; logarithmic where the dimension is."""
    if isinstance(dimension, Choices):
        return (dimension.options.index(value) + 0.5) / len(dimension.options)
    low, high, place = (math.log(end) if dimension.log else float(end) for end in (dimension.low, dimension.high, value))
    return (place - low) / (high - low)


def heights_of(record: ScoredSpace, path: str) -> dict[int, float]:
    """Trial → where its line crosses the setting's axis; lines through one option lie side by side."""
    dimension = record.space[path]
    offsets, reach = record.offsets(path), _reach(dimension)
    return {trial.number: height_of(dimension, trial.params[path]) + reach * offsets[trial.number] for trial in record.trials}


def _reach(dimension: Dimension) -> float:
    """How far above and below an option's height lines through it cross the axis."""
    return _OPTION_REACH / len(dimension.options) if isinstance(dimension, Choices) else 0.0


def axis_ticks(dimension: Dimension) -> list[tuple[float, str]]:
    """(height, label) of a dimension's options, or of its ends and two values between them."""
    if isinstance(dimension, Choices):
        return [(height_of(dimension, option), short_number(option)) for option in dimension.options]
    low, high = float(dimension.low), float(dimension.high)
    ticks = []
    for height in (0.0, 1 / 3, 2 / 3, 1.0):
        value = low * (high / low) ** height if dimension.log else low + (high - low) * height
        ticks.append((height, f"{value:.2g}" if 0 < height < 1 and not float(value).is_integer() else f"{value:.4g}"))
    return ticks


def draw_parallel_coordinates(record: ScoredSpace) -> Figure:
    """Axes side by side, at most fourteen, the value on the right; thin lines are trials not trained to their end."""
    from matplotlib.colors import Normalize

    left_out = len(record.space) - _MOST_AXES
    record = record.first(_MOST_AXES)
    values = [trial.value for trial in record.trials]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    pad = (high - low) * 0.03 or 0.01
    scale = Normalize(low - pad, high + pad)
    figure = new_figure(min(max(1.8 * (len(record.space) + 1), 6.0), _WIDEST_IN), 4.6)
    axes = figure.subplots()
    _draw_trials(axes, record, scale)
    _draw_axes(axes, record, [(height, f"{scale.inverse(height):.3f}") for height in (0.0, 1 / 3, 2 / 3, 1.0)])
    more = f" {counted(left_out, 'more setting')} not shown." if left_out > 0 else ""
    words = f"Coloured by value. Thick orange: the champion. Thin: not trained to its end.{more}"
    head(figure, f"Trials of {record.study}", words)
    return figure


def _draw_trials(axes: Axes, record: ScoredSpace, scale: Normalize) -> None:
    from matplotlib import colormaps

    colors = colormaps[_COLORS if record.higher_is_better else f"{_COLORS}_r"]
    columns = [heights_of(record, path) for path in record.space]
    for trial in sorted(record.trials, key=lambda one: (one.number == record.champion, one.is_complete)):
        value_height = float(scale(trial.value))
        is_champion = trial.number == record.champion
        width = 3.0 if is_champion else 1.6 if trial.is_complete else 0.8
        color = VERMILLION if is_champion else colors(value_height)
        heights = [*(column[trial.number] for column in columns), value_height]
        axes.plot(heights, color=color, linewidth=width, alpha=0.95 if trial.is_complete else 0.7)


def _draw_axes(axes: Axes, record: ScoredSpace, value_ticks: list[tuple[float, str]]) -> None:
    columns = [axis_ticks(dimension) for dimension in record.space.values()] + [value_ticks]
    bands = [[(height, _reach(dimension)) for height, _ in axis_ticks(dimension)] for dimension in record.space.values()] + [[]]
    halo = {"boxstyle": "round,pad=0.06", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    for place, ticks in enumerate(columns):
        axes.axvline(place, color=FAINT, linewidth=1.2, zorder=0)
        for height, reach in bands[place]:
            axes.plot([place, place], [height - reach, height + reach], color=_BAND, linewidth=7, zorder=0)
        for height, label in ticks:
            axes.plot([place - 0.02, place], [height, height], color=MUTED, linewidth=0.8)
            options: dict[str, Any] = {"ha": "right", "va": "center", "bbox": halo, "parse_math": False, "zorder": 6}
            axes.text(place - 0.035, height, label, fontsize=SMALL, color=MUTED, **options)
    names = [*(_broken(record.names[path]) for path in record.space), record.value_label.replace(" ", "\n")]
    axes.set_xticks(range(len(names)), names, fontsize=NORMAL, color=INK, parse_math=False)
    axes.tick_params(length=0, pad=8)
    axes.set_yticks([])
    axes.set_xlim(-0.45, len(names) - 0.85)
    axes.set_ylim(-0.04, 1.04)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _broken(name: str) -> str:
    """A long name on two lines."""
    if len(name) <= _NAME_LETTERS:
        return name
    breaks = [place for place, char in enumerate(name, 1) if char in "._" and place < len(name)]
    place = min(breaks, key=lambda place: abs(place - len(name) / 2), default=len(name))
    return f"{name[:place]}\n{name[place:]}".rstrip()
