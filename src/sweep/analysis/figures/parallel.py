"""Every trial as one line through all its settings to its value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sweep.analysis.figures.scored import ScoredSpace
from sweep.analysis.figures.style import FAINT, INK, MUTED, NORMAL, SMALL, VERMILLION, head, new_figure
from sweep.analysis.naming import short_number
from sweep.config.space import Choices, Dimension

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = "viridis"


def height_of(dimension: Dimension, value: Any) -> float:
    """Where `value` lies on its dimension's axis, from 0 (bottom) to 1; logarithmic where the dimension is."""
    if isinstance(dimension, Choices):
        return (dimension.options.index(value) + 0.5) / len(dimension.options)
    low, high, place = (math.log(end) if dimension.log else float(end) for end in (dimension.low, dimension.high, value))
    return (place - low) / (high - low)


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
    """Axes side by side, the value on the right; thin lines are trials that were not trained to their end."""
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    values = [trial.value for trial in record.trials]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    pad = (high - low) * 0.03 or 0.01
    scale = Normalize(low - pad, high + pad)
    colors = colormaps[_COLORS if record.higher_is_better else f"{_COLORS}_r"]
    figure = new_figure(max(1.8 * (len(record.space) + 1), 6.0), 4.4)
    axes = figure.subplots()
    for trial in sorted(record.trials, key=lambda one: (one.number == record.champion, one.is_complete)):
        heights = [height_of(dimension, trial.params[path]) for path, dimension in record.space.items()]
        is_champion = trial.number == record.champion
        width = 3.0 if is_champion else 1.6 if trial.is_complete else 0.8
        color = VERMILLION if is_champion else colors(float(scale(trial.value)))
        axes.plot([*heights, float(scale(trial.value))], color=color, linewidth=width, alpha=0.95 if trial.is_complete else 0.7)
    _draw_axes(axes, record, [(height, f"{scale.inverse(height):.3f}") for height in (0.0, 1 / 3, 2 / 3, 1.0)])
    head(figure, f"Trials of {record.study}", "Coloured by value. Thick orange: the champion. Thin: not trained to its end.")
    return figure


def _draw_axes(axes: Axes, record: ScoredSpace, value_ticks: list[tuple[float, str]]) -> None:
    columns = [axis_ticks(dimension) for dimension in record.space.values()] + [value_ticks]
    halo = {"boxstyle": "round,pad=0.06", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    for place, ticks in enumerate(columns):
        axes.axvline(place, color=FAINT, linewidth=1.2, zorder=0)
        for height, label in ticks:
            axes.plot([place - 0.02, place], [height, height], color=MUTED, linewidth=0.8)
            options: dict[str, Any] = {"ha": "right", "va": "center", "bbox": halo, "parse_math": False, "zorder": 6}
            axes.text(place - 0.035, height, label, fontsize=SMALL, color=MUTED, **options)
    names = [*(record.names[path] for path in record.space), record.value_label.replace(" ", "\n")]
    axes.set_xticks(range(len(names)), names, fontsize=NORMAL, color=INK, parse_math=False)
    axes.tick_params(length=0, pad=8)
    axes.set_yticks([])
    axes.set_xlim(-0.45, len(names) - 0.85)
    axes.set_ylim(-0.04, 1.04)
    for spine in axes.spines.values():
        spine.set_visible(False)
