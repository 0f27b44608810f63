"""How every figure looks: one palette, one size of letters, no state shared with other users of matplotlib."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from sweep.analysis.naming import clip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import LayoutEngine

# Okabe and Ito's palette, which people with colour-blindness can tell apart (jfly.uni-koeln.de/color, 2008).
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
INK, MUTED, FAINT = "#222222", "#6B6B6B", "#C9C9C9"

DPI = 130
SMALL, NORMAL, LARGE = 8.0, 9.0, 11.0
"""Sizes of letters in points."""
LETTER_IN = 0.068
"""Mean width of a letter of the normal size, in inches."""


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure that belongs to nobody else (no pyplot); its layout keeps texts apart."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), dpi=DPI, layout=_layout_below(0), facecolor="white")


def _layout_below(top: float) -> LayoutEngine:
    """Keeps texts apart in what lies below the uppermost share `top` of the figure."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return ConstrainedLayoutEngine(w_pad=0.09, h_pad=0.07, rect=(0, 0, 1, 1 - top))


def png(figure: Figure) -> bytes:
    """The figure as a PNG, the same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def head(figure: Figure, title: str, subtitle: str = "") -> None:
    """The title, and below it what the reader should know; call it once, the layout leaves room for both."""
    width_in, height_in = figure.get_size_inches()
    title = readable(title, int((width_in - 0.3) / (1.4 * LETTER_IN)))
    lines = textwrap.wrap(readable(subtitle, 400), int((width_in - 0.3) / LETTER_IN), break_on_hyphens=False)
    top_in = 0.1
    options: dict[str, Any] = {"ha": "left", "va": "top", "parse_math": False}
    figure.text(0.14 / width_in, 1 - top_in / height_in, title, fontsize=LARGE, weight="bold", color=INK, **options)
    top_in += 0.24
    for line in lines:
        figure.text(0.14 / width_in, 1 - top_in / height_in, line, fontsize=NORMAL, color=MUTED, **options)
        top_in += 0.17
    figure.set_layout_engine(_layout_below((top_in + 0.04) / height_in))


def dress(axes: Axes, *, x_label: str = "", y_label: str = "", grid: str = "y") -> None:
    """Gives `axes` the common look; `grid` is the axis that has lines: x, y, both or none."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(labelsize=SMALL, colors=MUTED, length=3, which="major")
    axes.tick_params(length=0, which="minor", labelsize=0)
    axes.set_axisbelow(True)
    if grid != "none":
        axes.grid(True, axis=grid, color="#EBEBEB", linewidth=0.8)  # type: ignore[arg-type]
    axes.set_xlabel(readable(x_label), fontsize=NORMAL, color=INK, parse_math=False)
    axes.set_ylabel(readable(y_label), fontsize=NORMAL, color=INK, parse_math=False)


def legend(axes: Axes, **options: Any) -> None:
    """A quiet legend of what is labelled in `axes`, if anything is."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=SMALL, frameon=False, labelcolor=INK, handlelength=1.8, **options)


def dress_colorbar(bar: Colorbar, label: str) -> None:
    """Gives a colour bar the common look."""
    bar.set_label(label, fontsize=SMALL, color=INK)
    bar.ax.tick_params(labelsize=SMALL, colors=MUTED, length=2)
    bar.outline.set_visible(False)


def whole_numbers(axes: Axes) -> None:
    """Only whole numbers below the x axis, where it counts epochs or trials."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins="auto", min_n_ticks=1))


def finite(values: Sequence[float]) -> list[float]:
    """`values` with infinities as NaN, which are drawn as gaps."""
    return [value if math.isfinite(value) else math.nan for value in values]


def readable(text: str, limit: int = 80) -> str:
    """`text` on one line with every character that the font cannot draw as `?`."""
    has_glyph = _glyphs()
    return "".join(char if has_glyph(char) else "?" for char in clip(text, limit))


def is_readable(text: str) -> bool:
    """Whether the font has every character of `text`."""
    has_glyph = _glyphs()
    return all(has_glyph(char) for char in text)


@cache
def _glyphs() -> Callable[[str], bool]:
    from matplotlib.font_manager import findfont, get_font

    characters = frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
    return lambda char: ord(char) in characters
