"""How far an accuracy measured on a few pictures can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def wilson_interval(accuracy: float, num_pictures: int) -> Interval:
    """The 95 % interval of an accuracy measured on `num_pictures`.

    Wilson's score interval (E. B. Wilson, JASA 22, 1927), which stays within [0, 1] and keeps its coverage near the ends.
    Raises ValueError for an accuracy outside [0, 1] or no pictures.
    """
    if not 0 <= accuracy <= 1 or num_pictures < 1:
        raise ValueError(f"no interval for accuracy {accuracy} on {num_pictures} pictures")
    shrink = 1 + Z_95**2 / num_pictures
    centre = (accuracy + Z_95**2 / (2 * num_pictures)) / shrink
    half = Z_95 / shrink * math.sqrt(accuracy * (1 - accuracy) / num_pictures + (Z_95 / (2 * num_pictures)) ** 2)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def difference_interval(first: float, num_first: int, second: float, num_second: int) -> Interval:
    """The 95 % interval of `first - second`, accuracies measured on so many pictures each.

    Newcombe's hybrid score method (R. G. Newcombe, Statistics in Medicine 17:873–890, 1998, method 10). It takes the two
    measurements as independent.
    """
    a, b = wilson_interval(first, num_first), wilson_interval(second, num_second)
    down = math.hypot(first - a.low, b.high - second)
    up = math.hypot(a.high - first, second - b.low)
    return Interval(first - second - down, first - second + up)


def within_noise(first: float, second: float, num_pictures: int) -> bool:
    """Whether two accuracies, both measured on the same `num_pictures`, are too near to say which is higher.

    True when the 95 % interval of their difference holds 0. Measured on the same pictures the two mostly rise and fall
    together, which that interval does not know, so the rule errs towards calling a difference noise.
    """
    return 0 in difference_interval(first, num_pictures, second, num_pictures)
