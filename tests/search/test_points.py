from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import pytest

from sweep.config.space import Choices, FloatRange, IntRange, Space
from sweep.search.points import (
    GRID_POINTS,
    Key,
    Point,
    grid_point,
    is_exhausted,
    key_of,
    random_point,
    rounded,
    space_filling_point,
)

UNIT: Space = {"a": FloatRange(0.0, 1.0), "b": FloatRange(1e-4, 1.0, log=True)}
FEW: Space = {"a": Choices(("x", "y", None)), "b": IntRange(1, 7, step=3), "c": Choices((True, False))}

Sequence = Callable[[Space, Collection[Key], int], Point | None]


def take(sequence: Sequence, space: Space, count: int, seed: int = 5) -> list[Point]:
    tried: dict[Key, Point] = {}
    while len(tried) < count and (point := sequence(space, tried.keys(), seed)) is not None:
        tried[key_of(space, point)] = point
    return list(tried.values())


@pytest.mark.parametrize("sequence", [random_point, space_filling_point, grid_point])
def test_a_small_space_is_taken_whole_and_nothing_twice(sequence: Sequence) -> None:
    points = take(sequence, FEW, 100)
    assert {tuple(point.values()) for point in points} == {
        (a, b, c) for a in ("x", "y", None) for b in (1, 4, 7) for c in (True, False)
    }
    assert len(points) == 18
    assert is_exhausted(FEW, {key_of(FEW, point) for point in points})
    assert not is_exhausted(FEW, {key_of(FEW, point) for point in points[1:]})


@pytest.mark.parametrize("sequence", [random_point, space_filling_point, grid_point])
def test_a_sequence_depends_on_its_seed_alone(sequence: Sequence) -> None:
    assert take(sequence, UNIT, 20, seed=1) == take(sequence, UNIT, 20, seed=1)
    assert take(sequence, UNIT, 20, seed=1) != take(sequence, UNIT, 20, seed=2)


def test_sixteen_space_filling_points_fall_into_sixteen_cells() -> None:
    points = take(space_filling_point, UNIT, 16)
    share = np.array([[point["a"], point["b"]] for point in points], dtype=np.float64)
    share[:, 1] = (np.log10(share[:, 1]) + 4) / 4
    for column in share.T:  # each dimension on its own
        assert sorted((column * 16).astype(int)) == list(range(16))
    cells = {(int(a * 4), int(b * 4)) for a, b in share}
    assert len(cells) == 16


def test_random_points_reach_all_of_a_logarithmic_range() -> None:
    values = [random_point(UNIT, (), seed)["b"] for seed in range(400)]  # type: ignore[index]
    below = np.mean([value < 1e-2 for value in values])  # type: ignore[operator]
    assert 0.4 < below < 0.6


def test_whole_numbers_and_choices_are_equally_likely() -> None:
    space: Space = {"n": IntRange(1, 4), "c": Choices(("a", "b", "c", "d"))}
    points = take(space_filling_point, space, 16)
    assert len({tuple(point.values()) for point in points}) == 16
    drawn = [random_point(space, (), seed) for seed in range(400)]
    for value in (1, 2, 3, 4):
        assert 60 < sum(point["n"] == value for point in drawn if point) < 140


def test_logarithmic_whole_numbers_stay_inside() -> None:
    space: Space = {"n": IntRange(1, 3, log=True)}
    assert {random_point(space, (), seed)["n"] for seed in range(100)} == {1, 2, 3}  # type: ignore[index]


def test_a_grid_takes_both_ends_of_a_range_and_all_choices() -> None:
    space: Space = {
        "lr": FloatRange(1e-4, 1e-2, log=True),
        "epochs": IntRange(30, 50),
        "batch": Choices((16, 32, 64, 128, 256, 512)),
    }
    points = take(grid_point, space, 10_000)
    assert len(points) == GRID_POINTS * GRID_POINTS * 6
    assert sorted({point["lr"] for point in points}) == [1e-4, 3.162e-4, 1e-3, 3.162e-3, 1e-2]  # type: ignore[type-var]
    assert sorted({point["epochs"] for point in points}) == [30, 35, 40, 45, 50]  # type: ignore[type-var]


def test_the_start_of_a_grid_is_scattered_over_it() -> None:
    points = take(grid_point, {"a": FloatRange(0.0, 1.0), "b": FloatRange(0.0, 1.0), "c": FloatRange(0.0, 1.0)}, 10)
    for path in "abc":
        assert len({point[path] for point in points}) >= 3


def test_a_grid_meets_a_baseline_that_lies_on_it_only_once() -> None:
    space: Space = {"a": Choices((1, 2, 3))}
    assert {point["a"] for point in (grid_point(space, {(2,)}, seed) for seed in range(20)) if point} == {1, 3}


def test_an_endless_space_is_never_exhausted() -> None:
    assert not is_exhausted({"a": Choices((1,)), "b": FloatRange(0.0, 1.0)}, {(1, 0.5)})


def test_rounding_never_leaves_the_range() -> None:
    assert rounded(FloatRange(0.123456, 0.9), 0.12346) == 0.1235
    assert rounded(FloatRange(0.12354, 0.9), 0.12354) == 0.12354
    assert rounded(FloatRange(0.0, 0.123456), 0.123455) == 0.123456
    assert rounded(IntRange(1, 3), 2) == 2
