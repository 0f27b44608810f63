"""What tells the species of a pair apart must be there to see: teeth, fingers, notches, hearts."""

from __future__ import annotations

import numpy as np

from sweep.data.drawn.palette import Floats, Range
from sweep.data.drawn.plants.outline import Margin, PalmateOutline, SimpleOutline, cut, star


def generator() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(5))


def simple(**changes: object) -> SimpleOutline:
    return SimpleOutline(width=Range(0.4, 0.4), **changes)  # type: ignore[arg-type]


def peaks(values: Floats) -> int:
    return int(((values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])).sum())


def test_a_blade_runs_from_base_to_tip_and_is_as_wide_as_asked() -> None:
    margin = cut(simple(), generator(), detail=4).margin
    assert np.allclose(margin[0], 0.0) and np.allclose(margin[-1, :2], [1.0, 0.0])
    assert np.isclose(margin[:, 1].max(), 0.2, atol=0.002)


def test_an_entire_margin_swells_once_and_a_toothed_one_has_its_teeth() -> None:
    assert peaks(cut(simple(), generator()).margin[:, 1]) == 1
    for margin in (Margin.SERRATE, Margin.CRENATE):
        toothed = cut(simple(margin=margin, teeth=Range(10, 10), depth=Range(0.05, 0.05)), generator())
        assert peaks(toothed.margin[:, 1]) >= 6


def test_a_heart_reaches_back_beside_the_stalk() -> None:
    assert cut(simple(), generator()).margin[:, 0].min() >= 0.0
    assert cut(simple(heart=Range(0.25, 0.25)), generator()).margin[:, 0].min() < -0.08


def test_a_notched_petal_ends_short_in_the_middle() -> None:
    margin = cut(simple(notch=Range(0.2, 0.2), belly=Range(0.7, 0.7), point=Range(1.0, 1.0)), generator(), detail=3).margin
    assert np.isclose(margin[-1, 0], 0.8)
    assert margin[:, 0].max() > 0.85


def test_a_palmate_blade_has_its_fingers() -> None:
    for fingers in (5, 7):
        outline = PalmateOutline(fingers=fingers, sinus=Range(0.4, 0.4), depth=Range(0.0, 0.0))
        half = cut(outline, generator())
        reach = np.hypot(half.margin[:, 0], half.margin[:, 1])
        assert peaks(reach) + 1 == fingers // 2 + 1  # the middle finger ends the half
        assert len(half.ribs) == fingers // 2 + 1


def test_a_floret_is_a_closed_star() -> None:
    radius = np.hypot(*star(5, 0.4)[:, :2].T)
    assert radius.max() <= 1.0 and radius.min() >= 0.4 and len(radius) == 20
