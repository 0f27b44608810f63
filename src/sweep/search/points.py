"""Points of a space that need no results to be chosen: at random, space-filling, on a grid.

Each function answers with the first point of its sequence that no trial has, so it depends on the trials alone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sweep.config.seeds import derive_seed
from sweep.config.space import Choices, Dimension, FloatRange, IntRange, Space, Value

GRID_POINTS = 5
"""Of a range on a grid, ends included; choices are all taken. For other points give choices."""

Point = dict[str, Value]
Key = tuple[Value, ...]


def key_of(space: Space, params: Mapping[str, Any]) -> Key:
    """What makes two trials of a space the same."""
    return tuple(params[path] for path in space)


def random_point(space: Space, tried: Collection[Key], seed: int) -> Point | None:
    """An untried point, uniform over the space (over its logarithm where the dimension says so); None when all are tried."""
    return _first_untried(_random(space, seed, len(tried) + 1), space, tried, seed)


def space_filling_point(space: Space, tried: Collection[Key], seed: int) -> Point | None:
    """The next point of a scrambled Sobol sequence; None when every point of the space is tried."""
    return _first_untried(_sobol(space, seed, len(tried) + 1), space, tried, seed)


def grid_point(space: Space, tried: Collection[Key], seed: int) -> Point | None:
    """The next point of the grid, whose points are taken in a scattered order; None when all are tried."""
    return _walk([_grid_axis(dimension) for dimension in space.values()], space, tried, seed)


def is_exhausted(space: Space, tried: Collection[Key]) -> bool:
    """Every point of the space is tried."""
    axes = [_all_values(dimension) for dimension in space.values()]
    return all(axis is not None for axis in axes) and len(tried) >= math.prod(len(axis) for axis in axes if axis is not None)


def rounded(dimension: Dimension, value: Value) -> Value:
    """A float with four digits, so that what a table shows is what was trained; anything else unchanged."""
    if not isinstance(dimension, FloatRange) or not isinstance(value, float):
        return value
    return min(max(float(f"{value:.4g}"), dimension.low), dimension.high)


def _first_untried(points: Iterator[Point], space: Space, tried: Collection[Key], seed: int) -> Point | None:
    for point in points:
        if key_of(space, point) not in tried:
            return point
    # Only a space with few points repeats itself that often: look for one that is left.
    axes = [_all_values(dimension) for dimension in space.values()]
    return _walk([axis for axis in axes if axis is not None], space, tried, seed) if all(axes) else None


def _random(space: Space, seed: int, count: int) -> Iterator[Point]:
    generator = np.random.default_rng(seed)
    for _ in range(count):
        yield _point(space, generator.random(len(space)))


def _sobol(space: Space, seed: int, count: int) -> Iterator[Point]:
    from scipy.stats import qmc  # half a second, which --help must not pay

    # A power of two of points, as the sequence is balanced over those.
    units = qmc.Sobol(len(space), scramble=True, rng=np.random.default_rng(seed)).random_base2(
        math.ceil(math.log2(max(count, 2)))
    )
    return (_point(space, unit) for unit in units)


def _point(space: Space, unit: Sequence[float] | np.ndarray[Any, Any]) -> Point:
    return {path: _at(dimension, float(share)) for (path, dimension), share in zip(space.items(), unit, strict=True)}


def _at(dimension: Dimension, share: float) -> Value:
    """The value that lies `share`, in [0, 1), of the way through a dimension."""
    if isinstance(dimension, Choices):
        return dimension.options[int(share * len(dimension.options))]
    if isinstance(dimension, FloatRange):
        return rounded(dimension, _between(dimension.low, dimension.high, share, dimension.log))
    if dimension.log:
        return min(
            max(round(_between(dimension.low - 0.5, dimension.high + 0.5, share, log=True)), dimension.low), dimension.high
        )
    count = (dimension.high - dimension.low) // dimension.step + 1
    return dimension.low + int(share * count) * dimension.step


def _between(low: float, high: float, share: float, log: bool) -> float:
    return math.exp(math.log(low) + share * math.log(high / low)) if log else low + share * (high - low)


def _all_values(dimension: Dimension) -> Sequence[Value] | None:
    """Every value of a dimension that has a countable number of them."""
    if isinstance(dimension, Choices):
        return dimension.options
    return range(dimension.low, dimension.high + 1, dimension.step) if isinstance(dimension, IntRange) else None


def _grid_axis(dimension: Dimension) -> Sequence[Value]:
    if isinstance(dimension, Choices):
        return dimension.options
    shares = [index / (GRID_POINTS - 1) for index in range(GRID_POINTS)]
    values = [_between(dimension.low, dimension.high, share, dimension.log) for share in shares]
    if isinstance(dimension, FloatRange):
        return [rounded(dimension, value) for value in values]
    return sorted({dimension.low + round((value - dimension.low) / dimension.step) * dimension.step for value in values})


def _walk(axes: Sequence[Sequence[Value]], space: Space, tried: Collection[Key], seed: int) -> Point | None:
    """The first untried combination of the axes' values, in steps that scatter over all of them and meet each once."""
    size = math.prod(len(axis) for axis in axes)
    # A stride near the golden section of the size spreads any run of points evenly; coprime, it meets every point.
    stride = next(step for step in range(max(1, round(size * 0.618)), size + 2) if math.gcd(step, size) == 1)
    start = derive_seed(seed, "walk") % size
    for index in range(size):
        place = (start + index * stride) % size
        values = []
        for axis in reversed(axes):
            place, digit = divmod(place, len(axis))
            values.append(axis[digit])
        point = dict(zip(space, reversed(values), strict=True))
        if key_of(space, point) not in tried:
            return point
    return None
