"""Spikes: many small flowers around the upper stem."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sweep.data.drawn.palette import Floats, Range, Tint, vary
from sweep.data.drawn.plants.frame import Frame
from sweep.data.drawn.plants.outline import star
from sweep.data.drawn.plants.sketch import Sketch
from sweep.data.drawn.plants.stem import GOLDEN_ANGLE_DEG, bowed, point

STEM_POINTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """A spike of flowers, dense or loose. Lengths are in half stem lengths."""

    florets: Range
    lobes: Range
    inner: Range
    """How deep a floret is cut between its lobes; 1 is a plain disc."""
    size: Range
    """Radius of a floret."""
    girth: Range
    """Radius of the spike at its foot."""
    bare: Range
    """Part of the stem below the flowers."""
    tint: Tint
    centre_tint: Tint

    def lay(self, sketch: Sketch, stem_rgb: Floats, rng: np.random.Generator) -> None:
        """Draw one individual; its stem rises from about (0, -1, 0)."""
        rgb, centre_rgb = self.tint.draw(rng), self.centre_tint.draw(rng)
        lobes, inner, size = self.lobes.draw_int(rng), self.inner.draw(rng), self.size.draw(rng)
        stem = bowed(point(0.0, -1.1), point(rng.uniform(-0.25, 0.25), 1.0), rng.uniform(-0.15, 0.15), STEM_POINTS)
        sketch.stroke(stem, stem_rgb, 0.04)
        for frame in sorted(self._places(stem, size, rng), key=lambda floret: float(floret.origin[2])):
            sketch.facet(frame.place(star(lobes, inner, rng.uniform(0, 360))), vary(rgb, 0.2, rng))
            sketch.dot(frame.at(0.0, 0.0, 0.1).origin, centre_rgb, 0.22 * frame.scale)

    def _places(self, stem: Floats, size: float, rng: np.random.Generator) -> list[Frame]:
        """Where the florets sit: in a spiral up the stem, ever smaller and nearer to it."""
        florets, girth, bare = self.florets.draw_int(rng), self.girth.draw(rng), self.bare.draw(rng)
        places = []
        for share in ((np.arange(florets) + 0.5) / florets).tolist():
            around = math.radians(share * florets * GOLDEN_ANGLE_DEG + rng.uniform(-20, 20))
            taper = 1.0 - 0.75 * share**2
            node = stem[int((bare + (1.0 - bare) * share) * (STEM_POINTS - 1))]
            out = point(math.cos(around), 0.15, math.sin(around)) * girth * taper
            places.append(Frame(node + out, _looking_out(around), size * (0.4 + 0.6 * taper)))
        return places


def _looking_out(around: float) -> Floats:
    """(3, 3) basis of a floret at that angle around an upright stem: its z looks outwards and a little up."""
    out = point(math.cos(around), 0.45, math.sin(around))
    out /= np.linalg.norm(out)
    side = np.cross(point(0.0, 1.0), out)
    side /= np.linalg.norm(side)
    return np.column_stack([side, np.cross(out, side), out])
