"""A flowering plant: a head of flowers on its stem, and a few leaves lower down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sweep.data.drawn.palette import Floats
from sweep.data.drawn.plants.foliage import Leaves
from sweep.data.drawn.plants.frame import Frame
from sweep.data.drawn.plants.sketch import Sketch
from sweep.data.drawn.plants.stem import point


class Head(Protocol):
    """Flowers with their stem."""

    def lay(self, sketch: Sketch, stem_rgb: Floats, rng: np.random.Generator) -> None:
        """Draw one individual; its stem rises from about (0, -1, 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flowering:
    """A species known by its flowers."""

    head: Head
    leaves: Leaves

    def lay(self, sketch: Sketch, rng: np.random.Generator) -> None:
        """Draw one individual: up to four leaves, then the flowers before them."""
        shoot = self.leaves.grow(rng)
        for index in range(rng.integers(0, 5)):
            foot = Frame.flat(point(0.0, rng.uniform(-1.0, -0.45), -0.1), rng.uniform(0.45, 0.8))
            heading = 90.0 - (1, -1)[index % 2] * rng.uniform(30, 80)
            shoot.lay_leaf(sketch, foot.turned(heading, rng.uniform(-20, 30), rng.uniform(-40, 40)), rng)
        self.head.lay(sketch, shoot.stem_rgb, rng)
