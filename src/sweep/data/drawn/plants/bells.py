"""Bells: cups of joined petals along a stem, hanging or upright."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sweep.data.drawn.palette import Floats, Range, Tint, vary
from sweep.data.drawn.plants.blade import Surface, Venation, lay_blade
from sweep.data.drawn.plants.frame import Frame
from sweep.data.drawn.plants.outline import SimpleOutline, cut
from sweep.data.drawn.plants.sketch import Sketch
from sweep.data.drawn.plants.stem import bowed, point


@dataclass(frozen=True, slots=True, kw_only=True)
class Bells:
    """Bell-shaped flowers of a species."""

    petals: int
    petal: SimpleOutline
    tint: Tint
    bells: Range
    hang_deg: Range
    """Direction of the bells from the stem's: 0 is upright, 160 hanging."""
    flare: Range
    """How far petal tips turn outwards."""
    girth_deg: Range
    """Angle between a petal and the bell's axis where they meet."""

    def lay(self, sketch: Sketch, stem_rgb: Floats, rng: np.random.Generator) -> None:
        """Draw one individual; its stem rises from about (0, -1, 0)."""
        rgb, bells = self.tint.draw(rng), self.bells.draw_int(rng)
        girth_deg, bend, hang_deg = self.girth_deg.draw(rng), 0.35 - self.flare.draw(rng), self.hang_deg.draw(rng)
        stem = bowed(point(0.0, -1.1), point(rng.uniform(-0.3, 0.3), 0.9), rng.uniform(-0.18, 0.18), bells + 4)
        sketch.stroke(stem, stem_rgb, 0.04)
        for index, node in enumerate(stem[3 : 3 + bells]):
            side = (1, -1)[index % 2]
            foot = node + point(side * rng.uniform(0.15, 0.35), 0.12 if hang_deg < 90 else -0.05, rng.uniform(0.0, 0.2))
            sketch.stroke(bowed(node, foot, 0.25 * side, 5), stem_rgb, 0.022)
            heading = 90.0 - side * (hang_deg + rng.uniform(-15, 15))
            frame = Frame.flat(foot, rng.uniform(0.42, 0.55)).turned(heading, rng.uniform(-15, 25))
            self._lay_bell(sketch, frame, vary(rgb, 0.12, rng), (girth_deg, bend), rng)
            sketch.dot(foot, stem_rgb, 0.05)

    def _lay_bell(self, sketch: Sketch, frame: Frame, rgb: Floats, shape: tuple[float, float], rng: np.random.Generator) -> None:
        """Petals around the frame's x axis, the far ones first and darker: one looks into the cup past the near ones."""
        girth_deg, bend = shape
        rolls = rng.uniform(0, 360) + 360.0 * np.arange(self.petals) / self.petals
        for roll_deg in sorted(rolls.tolist(), key=lambda roll: math.cos(math.radians(roll))):
            petal_rgb = vary(rgb, 0.06, rng) * (0.85 + 0.15 * math.cos(math.radians(roll_deg)))
            surface = Surface(
                base_rgb=petal_rgb * 0.85,
                tip_rgb=petal_rgb,
                vein_rgb=petal_rgb * 0.75,
                edge_rgb=petal_rgb * 0.7,
                venation=Venation.MIDRIB,
                fold=-0.45,
                bend=bend,
                vein_width=0.02,
            )
            held = frame.turned(roll_deg=-roll_deg).turned(pitch_deg=girth_deg)
            lay_blade(sketch, held, cut(self.petal, rng, 0.8), surface)
