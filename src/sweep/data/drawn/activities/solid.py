"""Solids: convex hulls of balls, of which bodies and furniture are made; seen by a camera and painted far to near."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from PIL import ImageDraw

from sweep.data.drawn.palette import Floats, ink
from sweep.data.drawn.spin import spin

_TURNS = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
DIRECTIONS = np.stack([np.cos(_TURNS), np.sin(_TURNS)])  # (2, 24)
RIM_M = 0.008  # of the darker line around a solid, which keeps an arm visible before a shirt; thinner around small ones
ROUND_M = 0.02  # solids with thinner balls are flat, and have no lit side
Polygon = list[tuple[float, float]]
Ball = tuple[Floats, float]
"""Centre (3,) and radius in metres."""


@dataclass(frozen=True, slots=True)
class Solid:
    """One colour over one hull of balls, or over several that merge without a line between them."""

    rgb: Floats
    centres: Floats
    """(n, 3) in metres."""
    radii: Floats
    """(n,) in metres."""
    pieces: tuple[slice, ...]
    """Which balls are under one hull."""
    anchor: Floats
    """(3,) by whose distance from the camera the solid is sorted."""
    nearer_m: float
    """Painted as if it were so much nearer."""


def hull(rgb: Floats, *balls: Ball, nearer_m: float = 0.0, anchor: Floats | None = None) -> Solid:
    """The convex hull of balls."""
    return _solid(rgb, balls, (slice(0, len(balls)),), nearer_m, anchor)


def chain(rgb: Floats, *balls: Ball, nearer_m: float = 0.0, anchor: Floats | None = None) -> Solid:
    """A bent tube from ball to ball."""
    pieces = tuple(slice(first, first + 2) for first in range(len(balls) - 1))
    return _solid(rgb, balls, pieces, nearer_m, anchor)


def _solid(rgb: Floats, balls: tuple[Ball, ...], pieces: tuple[slice, ...], nearer_m: float, anchor: Floats | None) -> Solid:
    centres = np.array([centre for centre, _ in balls])
    radii = np.array([radius for _, radius in balls])
    return Solid(rgb, centres, radii, pieces, centres.mean(axis=0) if anchor is None else anchor, nearer_m)


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera stands; parallel projection."""

    yaw_deg: float
    """Of the scene about the vertical: 0 shows what faces x from its right side, -90 from before it."""
    pitch_deg: float
    """How far the camera looks down."""
    px_per_m: float
    origin: tuple[float, float]
    """Canvas point of the scene's origin on the ground."""
    light: tuple[float, float]
    """Canvas direction towards the light, a unit vector."""
    _basis: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_basis", (spin(0, self.pitch_deg) @ spin(1, self.yaw_deg)).T)

    def seen(self, points: Floats) -> Floats:
        """(n, 2) canvas points in pixels of (n, 3)."""
        turned: Floats = (points @ self._basis[:, :2]) * (self.px_per_m, -self.px_per_m) + self.origin
        return turned

    def enlarged(self, times: float) -> View:
        """The same view on a canvas so many times as large."""
        origin = (self.origin[0] * times, self.origin[1] * times)
        return View(self.yaw_deg, self.pitch_deg, self.px_per_m * times, origin, self.light)

    def nearness(self, solid: Solid) -> float:
        """In metres, from the origin towards the camera."""
        return float(solid.anchor @ self._basis[:, 2]) + solid.nearer_m


def paint(pen: ImageDraw.ImageDraw, solids: Iterable[Solid], view: View) -> None:
    """All solids, far to near: a darker rim, the colour, and a lighter patch on the side of the light."""
    for solid in sorted(solids, key=view.nearness):
        radii, flat = solid.radii * view.px_per_m, view.seen(solid.centres)
        widest = float(solid.radii.max())
        rim = radii + min(RIM_M, 0.25 * widest) * view.px_per_m
        _fill(pen, solid, flat, rim, 0.6)
        _fill(pen, solid, flat, radii, 1.0)
        if widest > ROUND_M:
            _fill(pen, solid, flat + 0.3 * radii[:, None] * np.array(view.light), 0.55 * radii, 1.15)


def _fill(pen: ImageDraw.ImageDraw, solid: Solid, flat: Floats, radii: Floats, shade: float) -> None:
    for piece in solid.pieces:
        pen.polygon(outline(flat[piece], radii[piece]), fill=ink(solid.rgb * shade))


def paint_shadow(pen: ImageDraw.ImageDraw, solids: Iterable[Solid], view: View) -> None:
    """What the solids keep the light from, white on a mask."""
    for solid in solids:
        aside = np.array(view.light) * (0.25 * view.px_per_m * solid.centres[:, 1:2])
        flat = view.seen(solid.centres * (1.0, 0.0, 1.0)) - aside
        for piece in solid.pieces:
            pen.polygon(outline(flat[piece], solid.radii[piece] * view.px_per_m), fill=255)


def outline(centres: Floats, radii: Floats) -> Polygon:
    """The convex hull of circles (n, 2), (n,): for each direction the farthest point of the farthest circle."""
    farthest = (centres @ DIRECTIONS + radii[:, None]).argmax(axis=0)
    corners = centres[farthest] + radii[farthest, None] * DIRECTIONS.T
    return list(map(tuple, corners.tolist()))
