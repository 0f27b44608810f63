"""Outlines of leaves and petals: one half of the margin, from base to tip, and the spine it hangs on.

A blade lies in its own plane with its base at (0, 0) and its tip at (1, 0); the other half is its mirror image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from sweep.data.drawn.palette import Floats, Range


class Margin(Enum):
    """How the edge of a blade runs."""

    ENTIRE = "entire"
    SERRATE = "serrate"
    CRENATE = "crenate"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleOutline:
    """One undivided blade: lanceolate, ovate, cordate, or a petal, by its numbers."""

    width: Range
    """Widest place over the length."""
    belly: Range = Range(0.35, 0.45)
    """Where along the length it is widest."""
    point: Range = Range(1.5, 1.9)
    """Sum of the exponents: about 0.9 is blunt like a spoon, above 1.8 drawn out to a point."""
    heart: Range = Range(0.0, 0.0)
    """How far the base reaches back beside the stalk."""
    notch: Range = Range(0.0, 0.0)
    """How deep the tip is cut in, as in a heart-shaped petal."""
    margin: Margin = Margin.ENTIRE
    teeth: Range = Range(0, 0)
    """Teeth on one side."""
    depth: Range = Range(0.0, 0.0)
    """Depth of the teeth over the length of the blade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PalmateOutline:
    """A blade with fingers around the end of its stalk, as in maples."""

    fingers: int
    """Odd: one in the middle, the others in pairs."""
    sinus: Range
    """How near to the stalk the cuts between fingers reach; 1 would be no cut."""
    reach_deg: Range = Range(105, 125)
    """Angle between the middle finger and the outermost."""
    sharp: Range = Range(0.9, 1.3)
    teeth: Range = Range(2, 3)
    depth: Range = Range(0.02, 0.04)


Outline = SimpleOutline | PalmateOutline


@dataclass(frozen=True, slots=True)
class Half:
    """The upper half of a blade: margin (n, 3) with y >= 0, and the spine (n, 3) point that each margin point belongs to.

    z is the distance from the nearest fold, so that a folded blade rises by a share of it.
    """

    margin: Floats
    spine: Floats
    ribs: tuple[int, ...] = ()
    """Indices of the margin points that main veins run to; empty where veins are laid at even distances."""
    seams: tuple[int, ...] = ()
    """Indices of the margin points where facets meet; empty where facets are cut at even distances."""


def cut(outline: Outline, rng: np.random.Generator, detail: float = 1.0) -> Half:
    """One individual's half blade; `detail` scales the number of points."""
    if isinstance(outline, PalmateOutline):
        return _cut_palmate(outline, rng)
    return _cut_simple(outline, rng, detail)


def _cut_simple(outline: SimpleOutline, rng: np.random.Generator, detail: float) -> Half:
    teeth = outline.teeth.draw_int(rng)
    along = np.linspace(0.0, 1.0, max(round(22 * detail), 5 * teeth))
    position = 0.5 - 0.5 * np.cos(np.pi * (0.15 * along + 0.85 * along**0.9))
    belly, point = outline.belly.draw(rng), outline.point.draw(rng)
    half_width = outline.width.draw(rng) / 2.0
    rise, fall = belly * point, (1.0 - belly) * point
    swell = position**rise * (1.0 - position) ** fall / (belly**rise * (1.0 - belly) ** fall)
    heart = outline.heart.draw(rng) * np.sin(np.pi * np.minimum(position / 0.5, 1.0) ** 0.5)
    margin = np.stack([position - heart, half_width * swell], axis=1)
    margin = _toothed(margin, outline.margin, teeth, outline.depth.draw(rng), along)
    notch = outline.notch.draw(rng)
    if notch > 0.0:
        inside = np.clip(1.0 - margin[:, 1] / (0.8 * half_width), 0.0, 1.0) ** 1.5
        margin[:, 0] -= notch * inside * (position > 0.6)
    margin[:, 1] = np.maximum(margin[:, 1], 0.0)
    nothing = np.zeros_like(position)
    spine = np.stack([np.minimum(position, 1.0 - notch), nothing, nothing], axis=1)
    return Half(np.column_stack([margin, margin[:, 1]]), spine)


def _toothed(edge: Floats, margin: Margin, teeth: int, depth: float, along: Floats) -> Floats:
    if margin is Margin.ENTIRE or teeth == 0:
        return edge
    tangent = np.gradient(edge, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    outward = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    phase = (along * teeth) % 1.0
    fading = np.sqrt(np.sin(np.pi * np.clip(along, 0.0, 1.0)))[:, None] * depth
    if margin is Margin.SERRATE:
        # A saw: each tooth rises slowly, leans to the tip and drops at once.
        offset: Floats = phase[:, None] * (outward + 0.8 * tangent)
    else:
        offset = (np.sqrt(np.sin(np.pi * phase))[:, None] - 0.5) * outward
    return np.asarray(edge + fading * offset)


def _cut_palmate(outline: PalmateOutline, rng: np.random.Generator) -> Half:
    side = outline.fingers // 2
    step = outline.reach_deg.draw(rng) / side
    sinus, sharp = outline.sinus.draw(rng), outline.sharp.draw(rng)
    teeth, depth = outline.teeth.draw_int(rng), outline.depth.draw(rng)
    lengths = 1.0 - np.linspace(0.0, 0.45, side + 1) ** 1.3 + np.append(0.0, rng.uniform(-0.04, 0.04, side))
    angle_deg = np.linspace(side * step + 0.55 * step, 0.0, 24 * side + 12)
    finger = np.minimum(np.round(angle_deg / step).astype(int), side)
    offset = np.clip(np.abs(angle_deg / step - finger) * 2.0, 0.0, 1.0)
    reach = lengths[finger] * (sinus + (1.0 - sinus) * (1.0 - offset**sharp))
    reach += depth * np.abs((offset * teeth) % 1.0 - 0.5) * (offset > 0.12)
    angle, aside = np.radians(angle_deg), np.radians(np.abs(angle_deg - finger * step))
    margin = np.stack([reach * np.cos(angle), reach * np.sin(angle), reach * np.sin(aside)], axis=1)
    turns = [int(np.argmin(np.abs(angle_deg - half * step / 2.0))) for half in range(2 * side + 1)]
    return Half(margin, np.zeros_like(margin), tuple(turns[::2]), (0, *turns[::-1]))


def star(corners: int, inner: float, turn_deg: float = 0.0) -> Floats:
    """(4 * corners, 3): a small flower seen from above, one polygon, radius 1, cut in to `inner` between petals."""
    angle = np.linspace(0.0, 2.0 * math.pi, 4 * corners, endpoint=False)
    radius = inner + (1.0 - inner) * np.abs(np.cos(corners * angle / 2.0)) ** 0.6
    angle = angle + math.radians(turn_deg)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros_like(angle)], axis=1)
