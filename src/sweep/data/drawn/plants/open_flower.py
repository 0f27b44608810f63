"""Petals around a disc: a pink, a cranesbill, a daisy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sweep.data.drawn.palette import Floats, Range, Tint, mix, vary
from sweep.data.drawn.plants.blade import Surface, Venation, lay_blade
from sweep.data.drawn.plants.frame import Frame
from sweep.data.drawn.plants.outline import SimpleOutline, cut
from sweep.data.drawn.plants.sketch import Sketch
from sweep.data.drawn.plants.stem import GOLDEN_ANGLE_DEG, bowed, point


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFlower:
    """Flowers that show their face, one to a stem."""

    petals: Range
    petal: SimpleOutline
    tint: Tint
    eye_tint: Tint
    disc_tint: Tint
    eye: Range = Range(0.0, 0.0)
    """Part of the petal's length in the eye's colour."""
    veins: Range = Range(1.0, 1.0)
    """Brightness of the petal's lines over that of the petal; at 1 there are none to see."""
    disc: Range = Range(0.1, 0.14)
    """Radius over the petal's length."""
    disc_florets: int = 14
    dome: Range = Range(0.1, 0.3)
    """Height of the disc over its radius."""
    lift_deg: Range = Range(0, 25)
    """How far petals stand up; below zero they hang."""
    heads: Range = Range(1, 2)

    def lay(self, sketch: Sketch, stem_rgb: Floats, rng: np.random.Generator) -> None:
        """Draw one individual; its stems rise from about (0, -1, 0)."""
        face = _Face(self.tint.draw(rng), self.eye_tint.draw(rng), self.disc_tint.draw(rng))
        heads = self.heads.draw_int(rng)
        for index in range(heads):
            aside = (index - 0.5 * (heads - 1)) * rng.uniform(0.8, 1.2)
            top = point(aside, rng.uniform(-0.1, 0.6), 0.2 * index)
            sketch.stroke(bowed(point(0.15 * aside, -1.0, -0.2), top, rng.uniform(-0.12, 0.12)), stem_rgb, 0.04)
            frame = Frame.flat(top, rng.uniform(0.55, 0.8)).turned(rng.uniform(0, 360), rng.uniform(-45, 45))
            self._lay_petals(sketch, frame, face, rng)
            self._lay_disc(sketch, frame, face, rng)

    def _lay_petals(self, sketch: Sketch, frame: Frame, face: _Face, rng: np.random.Generator) -> None:
        count, lift_deg, eye = self.petals.draw_int(rng), self.lift_deg.draw(rng), self.eye.draw(rng)
        vein_light, bend = self.veins.draw(rng), rng.uniform(-0.05, 0.25)
        for index in rng.permutation(count).tolist():
            petal_rgb = vary(face.petal_rgb, 0.1, rng)
            surface = Surface(
                base_rgb=mix(petal_rgb, face.eye_rgb, 0.25),
                tip_rgb=petal_rgb,
                vein_rgb=petal_rgb * vein_light,
                edge_rgb=petal_rgb * 0.8,
                venation=Venation.PARALLEL if vein_light < 0.96 else Venation.NONE,
                veins=4,
                fold=0.15,
                bend=bend,
                facets=12 if eye > 0.0 else 6,
                eye_rgb=face.eye_rgb,
                eye=eye,
            )
            held = frame.turned(360.0 * index / count + rng.uniform(-5, 5), lift_deg)
            lay_blade(sketch, held.at(0.4 * self.disc.low), cut(self.petal, rng, 0.8), surface)

    def _lay_disc(self, sketch: Sketch, frame: Frame, face: _Face, rng: np.random.Generator) -> None:
        """Florets in the spiral that keeps them evenly apart, from the rim in, darker towards the rim."""
        radius = self.disc.draw(rng)
        height = radius * self.dome.draw(rng)
        for index in reversed(range(self.disc_florets)):
            out, angle = math.sqrt((index + 0.5) / self.disc_florets), math.radians(index * GOLDEN_ANGLE_DEG)
            floret = frame.at(radius * out * math.cos(angle), radius * out * math.sin(angle), height * (1.0 - out * out))
            size = 0.95 * radius / math.sqrt(self.disc_florets) * frame.scale
            sketch.dot(floret.origin, vary(face.disc_rgb * (1.1 - 0.35 * out), 0.18, rng), size)


@dataclass(frozen=True, slots=True)
class _Face:
    """Colours of one individual's flowers."""

    petal_rgb: Floats
    eye_rgb: Floats
    disc_rgb: Floats
