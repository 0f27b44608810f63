"""Ranges and tints: how much one individual of a species may differ from the next."""

from __future__ import annotations

import colorsys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Range(NamedTuple):
    """An interval that individuals of a species are drawn from."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """One value, uniform over the interval."""
        return rng.uniform(self.low, self.high)

    def draw_int(self, rng: np.random.Generator) -> int:
        """One whole number, both ends included."""
        return int(rng.integers(int(self.low), int(self.high) + 1))


class Tint(NamedTuple):
    """A colour with its spread; hue in degrees (may run past 360 to cross red), saturation and value in 0..1."""

    hue: Range
    saturation: Range
    value: Range

    def draw(self, rng: np.random.Generator) -> Floats:
        """One colour, (3,) RGB in 0..1."""
        return hsv(self.hue.draw(rng), self.saturation.draw(rng), self.value.draw(rng))


def hsv(hue_deg: float, saturation: float, value: float) -> Floats:
    """(3,) RGB in 0..1."""
    return np.array(colorsys.hsv_to_rgb(hue_deg % 360.0 / 360.0, saturation, value))


def mix(first: Floats, second: Floats, share: float) -> Floats:
    """`first` with `share` (0..1) of `second` stirred in."""
    return first + (second - first) * share


def vary(rgb: Floats, amount: float, rng: np.random.Generator) -> Floats:
    """A neighbour of a colour: brighter or darker by up to `amount`, each channel by a third of that."""
    brightness, tone = rng.uniform(-amount, amount), rng.uniform(-amount, amount, 3)
    return np.minimum(rgb * (1.0 + brightness) * (1.0 + tone / 3.0), 1.0)


def ink(rgb: Floats) -> tuple[int, int, int]:
    """A colour as Pillow takes it."""
    red, green, blue = (rgb * 255.0).tolist()
    return min(max(int(red), 0), 255), min(max(int(green), 0), 255), min(max(int(blue), 0), 255)
