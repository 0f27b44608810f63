"""Umbels: rays that leave one point and end in clusters of small flowers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sweep.data.drawn.palette import Floats, Range, Tint, mix, vary
from sweep.data.drawn.plants.frame import Frame
from sweep.data.drawn.plants.outline import star
from sweep.data.drawn.plants.sketch import Sketch
from sweep.data.drawn.plants.stem import GOLDEN_ANGLE_DEG, bowed, point


@dataclass(frozen=True, slots=True, kw_only=True)
class Umbel:
    """A plate of flowers, or a ball of them."""

    rays: Range
    florets: Range
    """In one cluster."""
    cluster: Range
    """Radius of a cluster, in ray lengths."""
    span_deg: Range
    """Angle between the outermost rays and the stem's direction: 60 is a plate, 150 nearly a ball."""
    tint: Tint

    def lay(self, sketch: Sketch, stem_rgb: Floats, rng: np.random.Generator) -> None:
        """Draw one individual; its stem rises from about (0, -1, 0)."""
        rgb, rays, span = self.tint.draw(rng), self.rays.draw_int(rng), math.radians(self.span_deg.draw(rng))
        cluster, florets = self.cluster.draw(rng), self.florets.draw_int(rng)
        knot = point(rng.uniform(-0.15, 0.15), 0.0)
        sketch.stroke(bowed(point(0.0, -1.1), knot, rng.uniform(-0.1, 0.1)), stem_rgb, 0.045)
        tips = []
        for index in range(rays):
            polar, around = span * math.sqrt((index + 0.5) / rays), math.radians(index * GOLDEN_ANGLE_DEG)
            away = point(math.sin(polar) * math.cos(around), math.cos(polar), math.sin(polar) * math.sin(around))
            tips.append(knot + rng.uniform(0.75, 0.9) * away)
        for tip in sorted(tips, key=lambda end: float(end[2])):
            sketch.stroke(bowed(knot, tip, 0.04, 4), mix(stem_rgb, rgb, 0.15), 0.018)
            _lay_cluster(sketch, tip, (cluster, florets), rgb, rng)


def _lay_cluster(sketch: Sketch, tip: Floats, shape: tuple[float, int], rgb: Floats, rng: np.random.Generator) -> None:
    radius, florets = shape
    for index in range(florets):
        out, angle = radius * math.sqrt((index + 0.5) / florets), math.radians(index * GOLDEN_ANGLE_DEG)
        place = tip + point(out * math.cos(angle), 0.35 * out * math.sin(angle), out * math.sin(angle))
        frame = Frame.flat(place + rng.uniform(-0.015, 0.015, 3), 0.05).turned(roll_deg=rng.uniform(-50, 10))
        sketch.facet(frame.place(star(5, 0.45, rng.uniform(0, 360))), vary(rgb, 0.12, rng))
