"""A conifer's twig: needles in bundles along it, and a side twig or two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweep.data.drawn.palette import Floats, Range, Tint, vary
from sweep.data.drawn.plants.frame import Frame
from sweep.data.drawn.plants.sketch import Sketch
from sweep.data.drawn.plants.stem import bowed, heading_deg, point

BOW = np.array([[0.0, 0.0, 0.0], [0.5, 0.04, 0.0], [1.0, 0.0, -0.05]])  # a needle of length 1 in its own frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Needles:
    """Needles of a species; every individual draws its own numbers."""

    tint: Tint
    length: Range
    """Over half the length of the twig."""
    stations: Range
    """Places along the twig that carry needles."""
    bundle: Range
    """Needles at one place."""
    fan_deg: Range
    """Angle between the outer needles and the twig."""
    width: Range = Range(0.014, 0.022)
    bark: Tint = Tint(Range(20, 35), Range(0.3, 0.5), Range(0.25, 0.45))

    def lay(self, sketch: Sketch, rng: np.random.Generator) -> None:
        """Draw one individual, its twig upright and about two units long."""
        bristles = _Bristles(
            green=self.tint.draw(rng),
            bark_rgb=self.bark.draw(rng),
            length=self.length.draw(rng),
            fan_deg=self.fan_deg.draw(rng),
            width=self.width.draw(rng),
            bundle=self.bundle.draw_int(rng),
        )
        stations = self.stations.draw_int(rng)
        main = bowed(point(0.0, -1.0), point(0.0, 0.7), rng.uniform(-0.15, 0.15), stations + 1)
        for side in rng.permutation([1.0, -1.0])[: rng.integers(0, 3)].tolist():
            fork = main[int(rng.uniform(0.25, 0.55) * stations)]
            tip = fork + point(side * rng.uniform(0.5, 0.8), rng.uniform(0.4, 0.8), rng.uniform(-0.2, 0.3))
            bristles.lay(sketch, bowed(fork, tip, -0.1 * side, max(4, int(0.6 * stations)) + 1), rng)
        bristles.lay(sketch, main, rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bristles:
    """How one individual's needles stand."""

    green: Floats
    bark_rgb: Floats
    length: float
    fan_deg: float
    width: float
    bundle: int

    def lay(self, sketch: Sketch, twig: Floats, rng: np.random.Generator) -> None:
        sketch.stroke(twig, self.bark_rgb, 0.045)
        for before, node in zip(twig, twig[1:], strict=False):
            ahead = heading_deg(node - before)
            for needle in range(self.bundle):
                away = 1.3 * self.fan_deg * (2.0 * (needle + 0.5) / self.bundle - 1.0) + rng.uniform(-10, 10)
                frame = Frame.flat(node, self.length * rng.uniform(0.8, 1.1)).turned(ahead + away, rng.uniform(-30, 45))
                sketch.stroke(frame.place(BOW), vary(self.green, 0.4, rng), self.width)
