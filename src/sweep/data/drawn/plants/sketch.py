"""A sketch: coloured facets, strokes and dots in space, painted back to front as they were added."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from sweep.data.drawn.palette import Floats

AMBIENT, DIFFUSE, GLOSS = 0.5, 0.6, 0.6
EYE_DISTANCE = 5.0  # of the camera, in units of the subject's half size; nearer means stronger perspective


@dataclass(frozen=True, slots=True)
class View:
    """How a sketch reaches the canvas."""

    basis: Floats
    """(3, 3) rotation of the world before the camera."""
    light: Floats
    """(3,) unit vector towards the light, in camera space."""
    size: tuple[int, int]
    """Canvas width and height in pixels."""
    centre: tuple[float, float]
    """Canvas point on which the subject's middle falls."""
    extent_px: float
    """Longest side of the subject on the canvas."""


@dataclass(slots=True)
class Sketch:
    """What is drawn so far. Colours are (3,) RGB in 0..1; later marks cover earlier ones."""

    _points: list[Floats] = field(default_factory=list)
    _marks: list[tuple[int, int, Floats, float]] = field(default_factory=list)
    """(first point, end, colour, width): width > 0 is a stroke, 0 a facet, < 0 a dot of that radius."""
    _count: int = 0

    def facet(self, points: Floats, rgb: Floats) -> None:
        """A flat polygon (n >= 3, 3), shaded by the light on its normal."""
        self._add(points, rgb, 0.0)

    def stroke(self, points: Floats, rgb: Floats, width: float) -> None:
        """A line through points (n, 3); the width is in world units."""
        self._add(points, rgb, width)

    def dot(self, point: Floats, rgb: Floats, radius: float) -> None:
        """A ball at a point (3,); the radius is in world units."""
        self._add(point[None, :], rgb, -radius)

    def _add(self, points: Floats, rgb: Floats, width: float) -> None:
        self._points.append(points)
        self._marks.append((self._count, self._count + len(points), rgb, width))
        self._count += len(points)

    def paint(self, view: View) -> Image.Image:
        """The sketch as an RGBA picture on nothing."""
        canvas = Image.new("RGBA", view.size)
        pen = ImageDraw.Draw(canvas)
        seen = np.concatenate(self._points) @ view.basis.T
        flat, unit_px = _project(seen, view)
        shades = self._shades(seen, view.light)
        xy = flat.tolist()
        for (first, end, _, width), (red, green, blue) in zip(self._marks, shades.tolist(), strict=True):
            ink = (red, green, blue, 255)
            corners = [tuple(point) for point in xy[first:end]]
            if width == 0.0:
                pen.polygon(corners, fill=ink)
            elif width > 0.0:
                pen.line(corners, fill=ink, width=max(1, round(width * unit_px)), joint="curve" if width * unit_px > 4 else None)
            else:
                (x, y), radius = corners[0], max(0.8, -width * unit_px)
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
        return canvas

    def _shades(self, seen: Floats, light: Floats) -> Floats:
        """(marks, 3) ink 0..255: facets are lit from both sides, as leaves are translucent; lines and dots are not shaded."""
        first = np.array([mark[0] for mark in self._marks])
        end = np.array([mark[1] for mark in self._marks])
        rgb = np.array([mark[2] for mark in self._marks])
        is_facet = np.array([mark[3] == 0.0 for mark in self._marks])
        # A facet runs out along the margin and comes back along the spine; where the spine is one point, only the
        # margin's last point is sure to span an area with the facet's two ends.
        far = (first + end) // 2 - 1
        normal = np.cross(seen[end - 1] - seen[first], seen[far] - seen[first])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        facing = np.abs(normal @ light)
        lit = AMBIENT + DIFFUSE * facing[:, None]
        shine = GLOSS * np.maximum(0.0, facing[:, None] - 0.86)
        shaded = np.where(is_facet[:, None], rgb * lit + shine, rgb)
        return np.clip(shaded * 255.0, 0.0, 255.0).astype(np.uint8)


def _project(seen: Floats, view: View) -> tuple[Floats, float]:
    """Canvas coordinates (n, 2) and the pixels one world unit takes."""
    low, high = seen.min(axis=0), seen.max(axis=0)
    half = max(float((high - low)[:2].max()) / 2.0, 1e-6)
    away = (seen - (low + high) / 2.0) / half
    near = EYE_DISTANCE / (EYE_DISTANCE - away[:, 2:])
    unit_px = view.extent_px / (2.0 * half)
    flat = away[:, :2] * near * half * unit_px * np.array([1.0, -1.0]) + np.array(view.centre)
    return flat, unit_px
