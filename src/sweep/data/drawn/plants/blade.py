"""A blade in space: the surface of a leaf or petal, folded, bent and veined, laid into a sketch facet by facet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from sweep.data.drawn.palette import Floats, mix
from sweep.data.drawn.plants.frame import Frame
from sweep.data.drawn.plants.outline import Half
from sweep.data.drawn.plants.sketch import Sketch


class Venation(Enum):
    """How veins run through a blade."""

    NONE = "none"
    MIDRIB = "midrib"
    PINNATE = "pinnate"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What one individual's blades look like and how they are held."""

    base_rgb: Floats
    tip_rgb: Floats
    vein_rgb: Floats
    edge_rgb: Floats | None = None
    venation: Venation = Venation.PINNATE
    veins: int = 6
    vein_width: float = 0.012
    """Of the midrib, over the length of the blade."""
    fold: float = 0.2
    """Rise of the two halves from the midrib: 0 is flat, 1 a right angle between them."""
    bend: float = 0.1
    """How far the tip droops, in blade lengths."""
    facets: int = 8
    """Facets per half, along the length."""
    eye_rgb: Floats | None = None
    """Colour of the innermost part, up to `eye` of the length."""
    eye: float = 0.0


def lay_blade(sketch: Sketch, frame: Frame, half: Half, surface: Surface) -> None:
    """Draw a blade with its base at the frame's origin, its length the frame's scale."""
    spine = frame.place(_raised(half.spine, surface))
    for side in (1.0, -1.0):
        margin = frame.place(_raised(half.margin, surface, side))
        _lay_facets(sketch, half, spine, margin, surface)
        if surface.edge_rgb is not None:
            sketch.stroke(margin, surface.edge_rgb, 0.4 * surface.vein_width * frame.scale)
    _lay_veins(sketch, frame, half, surface)


def _raised(points: Floats, surface: Surface, side: float = 1.0) -> Floats:
    """(n, 3): points of a half blade lifted onto the folded and bent surface; side -1 mirrors them to the lower half."""
    raised: Floats = points * np.array([1.0, side, surface.fold])
    raised[:, 2] -= surface.bend * points[:, 0] * np.abs(points[:, 0])
    return raised


def _lay_facets(sketch: Sketch, half: Half, spine: Floats, margin: Floats, surface: Surface) -> None:
    count = len(margin)
    stops = half.seams or np.linspace(0, count - 1, surface.facets + 1).round().astype(int).tolist()
    for first, last in zip(stops, stops[1:], strict=False):
        outward = float(np.clip(half.margin[(first + last) // 2, 0], 0.0, 1.0))
        rgb = mix(surface.base_rgb, surface.tip_rgb, outward)
        if surface.eye_rgb is not None and outward < surface.eye:
            rgb = surface.eye_rgb
        sketch.facet(np.concatenate([margin[first : last + 1], spine[first : last + 1][::-1]]), rgb)


def _lay_veins(sketch: Sketch, frame: Frame, half: Half, surface: Surface) -> None:
    if surface.venation is Venation.NONE:
        return
    thick, thin = surface.vein_width * frame.scale, 0.5 * surface.vein_width * frame.scale
    if half.ribs:
        lines = [(half.spine[rib], half.margin[rib] * 0.93) for rib in half.ribs]
        _lay_lines(sketch, frame, lines, surface, thick)
        return
    tip = half.spine[-1] * 0.97
    middle = np.stack([half.spine[0] + (tip - half.spine[0]) * share for share in (0.0, 0.35, 0.7, 1.0)])
    sketch.stroke(frame.place(_raised(middle, surface)), surface.vein_rgb, thick)
    if surface.venation is Venation.PINNATE:
        _lay_lines(sketch, frame, _pinnate(half, surface.veins), surface, thin)
    elif surface.venation is Venation.PARALLEL:
        shares = np.linspace(0.0, 1.0, surface.veins // 2 + 2)[1:-1]
        for share in shares.tolist():
            line = half.spine + (half.margin - half.spine) * share
            for side in (1.0, -1.0):
                sketch.stroke(frame.place(_raised(line[::3], surface, side)), surface.vein_rgb, thin)


def _pinnate(half: Half, veins: int) -> list[tuple[Floats, Floats]]:
    """Side veins: each leaves the midrib and meets the margin a little nearer to the tip."""
    count = len(half.margin)
    starts = np.linspace(0.06, 0.78, veins)
    lines = []
    for start in starts.tolist():
        foot = half.spine[int(start * (count - 1))]
        end = half.margin[min(count - 1, int((start + 0.16) * (count - 1)))]
        lines.append((foot, foot + (end - foot) * 0.9))
    return lines


def _lay_lines(sketch: Sketch, frame: Frame, lines: list[tuple[Floats, Floats]], surface: Surface, width: float) -> None:
    for foot, end in lines:
        for side in (1.0, -1.0):
            line = np.stack([foot, (foot + end) / 2.0, end])
            sketch.stroke(frame.place(_raised(line, surface, side)), surface.vein_rgb, width)
