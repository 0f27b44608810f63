"""Broad leaves on their stems: one on its stalk, a leafy twig, a feather of leaflets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from sweep.data.drawn.palette import Floats, Range, Tint, vary
from sweep.data.drawn.plants.blade import Surface, Venation, lay_blade
from sweep.data.drawn.plants.frame import Frame
from sweep.data.drawn.plants.outline import Outline, cut
from sweep.data.drawn.plants.sketch import Sketch
from sweep.data.drawn.plants.stem import bowed, heading_deg, point


class Habit(Enum):
    """How leaves stand on the stem."""

    SINGLE = "single"
    ALTERNATE = "alternate"
    OPPOSITE = "opposite"
    FEATHER = "feather"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """Broad leaves of a species; every individual draws its own numbers."""

    outline: Outline
    habits: tuple[Habit, ...]
    tint: Tint
    count: Range = Range(5, 9)
    """Nodes of a twig, or pairs of leaflets of a feather."""
    venation: Venation = Venation.PINNATE
    veins: Range = Range(5, 7)
    vein_light: Range = Range(1.15, 1.45)
    """Brightness of the veins over that of the blade."""
    fold: Range = Range(0.05, 0.35)
    bend: Range = Range(-0.05, 0.3)
    stalk: Range = Range(0.08, 0.2)
    """Length of the leaf stalk over the leaf's."""
    stem: Tint = Tint(Range(70, 110), Range(0.3, 0.5), Range(0.3, 0.5))

    def grow(self, rng: np.random.Generator) -> Shoot:
        """One individual: its green, its veins, the way it holds its leaves."""
        green = self.tint.draw(rng)
        surface = Surface(
            base_rgb=vary(green, 0.12, rng),
            tip_rgb=vary(green, 0.12, rng),
            vein_rgb=np.minimum(green * self.vein_light.draw(rng), 1.0),
            edge_rgb=green * 0.72,
            venation=self.venation,
            veins=self.veins.draw_int(rng),
            fold=self.fold.draw(rng),
            bend=self.bend.draw(rng),
        )
        return Shoot(self, surface, self.stem.draw(rng))

    def lay(self, sketch: Sketch, rng: np.random.Generator) -> None:
        """Draw one individual, its stem upright and about two units long."""
        shoot = self.grow(rng)
        habit = self.habits[rng.integers(len(self.habits))]
        if habit is Habit.SINGLE:
            shoot.lay_leaf(sketch, Frame.flat(point(0.0, 0.0), 1.6).turned(90.0), rng)
        elif habit is Habit.FEATHER:
            shoot.lay_feather(sketch, rng)
        else:
            shoot.lay_twig(sketch, habit, rng)


@dataclass(frozen=True, slots=True)
class Shoot:
    """Stem and leaves of one individual."""

    leaves: Leaves
    surface: Surface
    stem_rgb: Floats

    def lay_leaf(self, sketch: Sketch, frame: Frame, rng: np.random.Generator) -> None:
        """One leaf: its stalk starts at the frame's origin, its blade is one frame unit long."""
        stalk = self.leaves.stalk.draw(rng)
        sketch.stroke(frame.place(bowed(point(0.0, 0.0), point(stalk, 0.0), 0.03, 4)), self.stem_rgb, 0.03 * frame.scale)
        lay_blade(sketch, frame.at(stalk), cut(self.leaves.outline, rng), self._next_leaf(rng))

    def lay_twig(self, sketch: Sketch, habit: Habit, rng: np.random.Generator) -> None:
        """Leaves singly or in pairs up a stem, the younger the smaller."""
        nodes = self.leaves.count.draw_int(rng)
        stem = bowed(point(0.0, -1.0), point(0.0, 0.8), rng.uniform(-0.15, 0.15), nodes + 2)
        sketch.stroke(stem, self.stem_rgb, 0.035)
        size = rng.uniform(0.75, 0.95) * (0.85 if habit is Habit.OPPOSITE else 1.0)
        for node in range(1, nodes + 1):
            ahead = heading_deg(stem[node + 1] - stem[node])
            young = Frame.flat(stem[node], size * (1.0 - 0.45 * (node / nodes) ** 1.5))
            for side in (1, -1) if habit is Habit.OPPOSITE else ((1, -1)[node % 2],):
                away = side * rng.uniform(38, 72)
                self.lay_leaf(sketch, young.turned(ahead + away, rng.uniform(-25, 35), rng.uniform(-35, 35)), rng)
        ahead = heading_deg(stem[-1] - stem[-2])
        self.lay_leaf(sketch, Frame.flat(stem[-1], 0.55 * size).turned(ahead, rng.uniform(-10, 40)), rng)

    def lay_feather(self, sketch: Sketch, rng: np.random.Generator) -> None:
        """One compound leaf: pairs of leaflets along its midrib and one at the end."""
        pairs = self.leaves.count.draw_int(rng)
        midrib = bowed(point(0.0, -1.0), point(0.0, 0.75), rng.uniform(-0.2, 0.2), pairs + 3)
        sketch.stroke(midrib, self.stem_rgb, 0.028)
        away, size = rng.uniform(50, 75), rng.uniform(0.85, 1.1) * min(0.56, 2.7 / pairs) + 0.12
        for node in range(2, pairs + 2):
            ahead = heading_deg(midrib[node + 1] - midrib[node - 1])
            grown = Frame.flat(midrib[node], size * (1.0 - 0.5 * abs(2.0 * node / (pairs + 2) - 0.8)))
            for side in (1, -1):
                heading = ahead + side * (away + rng.uniform(-8, 8))
                self._lay_leaflet(sketch, grown.turned(heading, rng.uniform(-10, 25), rng.uniform(-25, 25)), rng)
        self._lay_leaflet(sketch, Frame.flat(midrib[-1], 0.7 * size).turned(heading_deg(midrib[-1] - midrib[-2])), rng)

    def _lay_leaflet(self, sketch: Sketch, frame: Frame, rng: np.random.Generator) -> None:
        lay_blade(sketch, frame, cut(self.leaves.outline, rng, 0.7), self._next_leaf(rng))

    def _next_leaf(self, rng: np.random.Generator) -> Surface:
        """The surface with a little other green: no two leaves of a plant are the same."""
        base_rgb, tip_rgb = vary(self.surface.base_rgb, 0.14, rng), vary(self.surface.tip_rgb, 0.14, rng)
        return replace(self.surface, base_rgb=base_rgb, tip_rgb=tip_rgb)
