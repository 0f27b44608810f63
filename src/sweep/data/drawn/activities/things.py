"""Things that people sit on, lie on or hold; the same things stand about in the background of every activity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sweep.data.drawn.activities.skeleton import point
from sweep.data.drawn.activities.solid import Solid, hull
from sweep.data.drawn.palette import Floats, Range, Tint, hsv
from sweep.data.drawn.spin import spin

WOOD = Tint(Range(18, 36), Range(0.3, 0.65), Range(0.3, 0.75))
CLOTH = Tint(Range(0, 360), Range(0.1, 0.6), Range(0.25, 0.8))
CARDBOARD = Tint(Range(24, 36), Range(0.35, 0.55), Range(0.5, 0.75))
UNDER_BODY_M = -1.0  # furniture is painted before whoever uses it
EDGE_M = 0.006

Seat = Callable[[float, np.random.Generator], list[Solid]]
"""Draws something to sit on whose top is at the given height and whose middle is above the origin."""


def block(rgb: Floats, centre: Floats, size: Floats, basis: Floats | None = None, nearer_m: float = 0.0) -> list[Solid]:
    """The five upper faces of a cuboid of (3,) size, each with its own brightness."""
    turned = np.eye(3) if basis is None else basis
    faces = []
    for axis, end, shade in ((0, 1, 0.85), (0, -1, 0.8), (2, 1, 0.92), (2, -1, 0.72), (1, 1, 1.08)):
        corners = []
        for first in (-1.0, 1.0):
            for second in (-1.0, 1.0):
                corner = np.zeros(3)
                corner[axis], corner[(axis + 1) % 3], corner[(axis + 2) % 3] = end, first, second
                corners.append((centre + turned @ (corner * size / 2.0), EDGE_M))
        faces.append(hull(np.minimum(rgb * shade, 1.0), *corners, nearer_m=nearer_m))
    return faces


def chair(height: float, rng: np.random.Generator) -> list[Solid]:
    """Four legs, a seat and a back."""
    rgb = WOOD.draw(rng) if rng.random() < 0.6 else CLOTH.draw(rng)
    solids = _legs(rgb * 0.8, 0.36, 0.36, height)
    solids += block(rgb, point(0.0, height - 0.02), point(0.44, 0.05, 0.44), nearer_m=UNDER_BODY_M)
    for side in (-0.19, 0.19):
        solids.append(hull(rgb * 0.9, (point(-0.21, height, side), 0.02), (point(-0.27, height + 0.5, side), 0.02)))
    back = [(point(-0.235 - 0.08 * up, height + up, side), 0.012) for up in (0.22, 0.48) for side in (-0.19, 0.19)]
    solids.append(hull(rgb, *back))
    return solids


def stool(height: float, rng: np.random.Generator) -> list[Solid]:
    """Four legs and a round top."""
    rgb = WOOD.draw(rng)
    rim = [(point(0.17 * np.cos(turn), height - 0.02, 0.17 * np.sin(turn)), 0.02) for turn in np.linspace(0, 6, 9)]
    return [*_legs(rgb * 0.8, 0.28, 0.28, height), hull(rgb, *rim, nearer_m=UNDER_BODY_M)]


def bench(height: float, rng: np.random.Generator) -> list[Solid]:
    """Long, of planks, some with a back."""
    rgb = WOOD.draw(rng)
    solids = _legs(rgb * 0.6, 0.34, 1.3, height)
    for x in (-0.14, 0.0, 0.14):
        solids += block(rgb, point(x, height - 0.015), point(0.12, 0.03, 1.5), nearer_m=UNDER_BODY_M)
    if rng.random() < 0.6:
        for up in (0.2, 0.36):
            solids += block(rgb, point(-0.24 - 0.15 * up, height + up), point(0.03, 0.11, 1.5))
    return solids


def sofa(height: float, rng: np.random.Generator) -> list[Solid]:
    """A soft seat with arms and a back."""
    rgb, width = CLOTH.draw(rng), rng.uniform(0.8, 1.6)
    solids = block(rgb, point(0.0, height / 2), point(0.62, height, width), nearer_m=UNDER_BODY_M)
    solids += block(rgb * 0.92, point(-0.36, (height + 0.4) / 2), point(0.14, height + 0.4, width + 0.2), nearer_m=-0.1)
    for side in (-1.0, 1.0):
        arm = point(-0.02, (height + 0.16) / 2, side * (width / 2 + 0.06))
        solids += block(rgb * 1.05, arm, point(0.62, height + 0.16, 0.13))
    return solids


def low_wall(height: float, rng: np.random.Generator) -> list[Solid]:
    """A block of stone or a chest."""
    rgb = hsv(rng.uniform(20, 60), rng.uniform(0.0, 0.3), rng.uniform(0.35, 0.8))
    return block(rgb, point(0.0, height / 2), point(0.45, height, rng.uniform(0.5, 1.5)), nearer_m=UNDER_BODY_M)


SEATS: tuple[Seat, ...] = (chair, stool, bench, sofa, low_wall)


def _legs(rgb: Floats, length: float, width: float, height: float) -> list[Solid]:
    feet = [point(x * length / 2, 0.0, z * width / 2) for x in (-1.0, 1.0) for z in (-1.0, 1.0)]
    return [hull(rgb, (foot, 0.02), (foot + point(0.0, height), 0.02), nearer_m=UNDER_BODY_M) for foot in feet]


def bed(height: float, rng: np.random.Generator) -> list[Solid]:
    """A mattress along x with a pillow at its far end."""
    sheet = CLOTH.draw(rng) * 0.5 + 0.5
    solids = block(WOOD.draw(rng), point(0.0, 0.4 * height), point(2.05, 0.8 * height, 1.0), nearer_m=UNDER_BODY_M - 0.5)
    solids += block(sheet, point(0.0, 0.9 * height), point(2.0, 0.2 * height, 0.96), nearer_m=UNDER_BODY_M)
    pillow = [(point(0.8, height + 0.03, z), 0.05) for z in (-0.25, 0.25)] + [(point(0.92, height + 0.03), 0.05)]
    return [*solids, hull(np.minimum(sheet * 1.1, 1.0), *pillow, nearer_m=UNDER_BODY_M + 0.2)]


def mat(rng: np.random.Generator) -> list[Solid]:
    """A thin mat along x."""
    return block(CLOTH.draw(rng), point(0.0, 0.015), point(1.95, 0.03, 0.7), nearer_m=UNDER_BODY_M)


def box(centre: Floats, size: Floats, rng: np.random.Generator) -> list[Solid]:
    """A cardboard box with a strip of tape."""
    rgb = CARDBOARD.draw(rng) if rng.random() < 0.7 else CLOTH.draw(rng)
    tape = [(centre + point(x * size[0] / 2, 1.01 * size[1] / 2, z), EDGE_M) for x in (-1, 1) for z in (-0.03, 0.03)]
    return [*block(rgb, centre, size), hull(rgb * 0.7, *tape, nearer_m=0.01)]


def book(centre: Floats, tilt_deg: float, rng: np.random.Generator) -> list[Solid]:
    """An open book or, larger, a newspaper before the reader, who looks along x."""
    is_paper = rng.random() < 0.5
    width, height = (0.3, 0.42) if is_paper else (rng.uniform(0.18, 0.24), rng.uniform(0.26, 0.33))
    cover = hsv(0, 0.0, rng.uniform(0.7, 0.9)) if is_paper else CLOTH.draw(rng)
    basis = spin(2, tilt_deg)
    solids = []
    for side in (1.0, -1.0):
        edges = [(0.0, 0.0), (-0.05, side * width)]
        for depth, rgb, grow in ((0.012, cover, 1.06), (-0.004, np.array([0.94, 0.93, 0.88]), 1.0)):
            corners = [
                (centre + basis @ point(x + depth, up * grow * height / 2, z * grow), 0.004) for x, z in edges for up in (-1, 1)
            ]
            solids.append(hull(rgb, *corners, nearer_m=0.02))
        for line in (-0.3, -0.1, 0.1, 0.3):
            ends = [centre + basis @ point(-0.02 - 0.03 * share, line * height, side * share * width) for share in (0.2, 0.85)]
            solids.append(hull(hsv(0, 0.0, 0.6), *((end, 0.004) for end in ends), nearer_m=0.02))
    return solids


def phone(centre: Floats, along: Floats, rng: np.random.Generator) -> Solid:
    """A dark or light slab."""
    rgb = hsv(0, 0.0, rng.choice([0.08, 0.15, 0.9]))
    return hull(rgb, (centre - 0.075 * along, 0.024), (centre + 0.075 * along, 0.024), nearer_m=0.08)


def mop(foot: Floats, top: Floats, rng: np.random.Generator) -> list[Solid]:
    """A stick with a mop, a broom or a scrubber at its foot."""
    stick = hull(WOOD.draw(rng) if rng.random() < 0.6 else CLOTH.draw(rng), (foot + point(0, 0.05), 0.016), (top, 0.016))
    across = point(0.0, 0.0, 1.0) if rng.random() < 0.6 else point(0.7, 0.0, 0.7)
    wide = rng.uniform(0.14, 0.24)
    rgb = hsv(rng.uniform(30, 240), rng.uniform(0.0, 0.5), rng.uniform(0.45, 0.9))
    ends = [(foot + side * wide * across + point(0, 0.02), 0.03) for side in (-1.0, 1.0)]
    return [stick, hull(rgb, *ends, (foot + point(0, 0.1), 0.035))]
