"""Fruit has its shape whatever its colour, and stands before or behind other fruit."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.data.drawn.palette import Floats
from sweep.data.drawn.prototype.fruit import ALL_FRUIT
from sweep.data.drawn.prototype.relief import Body, Canvas, Skin, paint_body
from sweep.data.drawn.prototype.scene import photograph

LIGHT = np.array([-0.6, 0.0, 0.8])


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def ball(rgb: tuple[float, float, float], x: float, near: float) -> Body:
    skin = Skin(base=np.array(rgb), blush=np.array(rgb), gloss=0.0)
    return Body(np.array([[x, 30.0, near]]), np.array([15.0]), skin)


def painted(*bodies: Body) -> Floats:
    canvas = Canvas(np.zeros((60, 60, 3), np.float32), np.full((60, 60), -np.inf, np.float32))
    for body in bodies:
        paint_body(canvas, body, LIGHT, generator(0))
    return canvas.rgb.astype(np.float64)


def extent(name: str, seed: int) -> Floats:
    """Width and height of the fruit itself, without its stalk."""
    flesh = ALL_FRUIT[name](generator(seed))[0]
    low, high = flesh.centres - flesh.radii[:, None], flesh.centres + flesh.radii[:, None]
    box: Floats = (high.max(axis=0) - low.min(axis=0))[:2]
    return box


def test_a_ball_is_round_and_brighter_towards_the_light() -> None:
    picture = painted(ball((0.5, 0.5, 0.5), 30.0, 0.0)).mean(axis=-1)
    assert 0.9 < (picture > 0).sum() / (np.pi * 15.0**2) < 1.1
    assert picture[30, 20] > 1.2 * picture[30, 40] > 0.0


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearer_body_is_seen_in_whatever_order_they_are_painted(order: int) -> None:
    bodies = [ball((1.0, 0.0, 0.0), 25.0, 10.0), ball((0.0, 0.0, 1.0), 35.0, -10.0)]
    picture = painted(*bodies[::order])
    assert picture[30, 30, 0] > picture[30, 30, 2]
    assert picture[30, 45, 2] > picture[30, 45, 0]


def test_a_body_beyond_the_edge_is_cut_off() -> None:
    assert painted(ball((1.0, 1.0, 1.0), 200.0, 0.0)).max() == 0.0
    assert painted(ball((1.0, 1.0, 1.0), 0.0, 0.0))[30, 0].max() > 0.0


def test_shapes_tell_the_fruits_apart() -> None:
    for seed in range(20):
        apple, lemon, pear = extent("apple", seed), extent("lemon", seed), extent("pear", seed)
        assert 0.9 < apple[0] / apple[1] < 1.5
        assert lemon[0] > 1.4 * lemon[1]
        assert pear[1] > 1.15 * pear[0]
        banana = ALL_FRUIT["banana"](generator(seed))[0]
        path = np.linalg.norm(np.diff(banana.centres, axis=0), axis=1).sum()
        assert banana.radii.max() < 0.13 * path
        assert np.linalg.norm(banana.centres[0] - banana.centres[-1]) < 0.97 * path  # it is bent


def test_colours_of_a_fruit_vary_and_overlap_with_another() -> None:
    hues = {name: np.array([ALL_FRUIT[name](generator(seed))[0].skin.base for seed in range(40)]) for name in ALL_FRUIT}
    assert all(colours.std(axis=0).max() > 0.05 for colours in hues.values())
    nearest = np.linalg.norm(hues["pear"][:, None] - hues["apple"][None], axis=-1).min(axis=1)
    assert (nearest < 0.15).mean() > 0.4


@pytest.mark.parametrize("name", ALL_FRUIT)
def test_pictures_of_a_fruit_differ_in_light(name: str) -> None:
    brightness = [np.asarray(photograph(ALL_FRUIT[name], generator(seed))).mean() for seed in range(6)]
    assert np.std(brightness) > 5.0
