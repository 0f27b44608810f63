"""Rooms: a wall with what hangs on it and stands before it, and a floor."""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw

from sweep.data.drawn.background import blob
from sweep.data.drawn.camera import Size
from sweep.data.drawn.palette import Range, Tint, hsv, ink, mix, vary

Pen = ImageDraw.ImageDraw

WALL = Tint(Range(10, 240), Range(0.02, 0.3), Range(0.5, 0.95))
FOLIAGE = Tint(Range(65, 135), Range(0.3, 0.7), Range(0.2, 0.55))
PAVEMENT = Tint(Range(20, 230), Range(0.0, 0.12), Range(0.35, 0.75))
SKY = Tint(Range(200, 220), Range(0.02, 0.5), Range(0.75, 1.0))
THING = Tint(Range(0, 360), Range(0.1, 0.7), Range(0.2, 0.85))
WOOD = Tint(Range(18, 38), Range(0.15, 0.6), Range(0.3, 0.75))


def room(pen: Pen, size: Size, ground: float, rng: np.random.Generator) -> None:
    """A wall, its corner, and what is before it; the ground begins `ground` pixels below the upper edge."""
    width, height = size
    wall = WALL.draw(rng)
    pen.rectangle((0, 0, width, ground), fill=ink(wall))
    _floor(pen, size, ground, rng)
    corner = rng.uniform(0.1, 0.9) * width
    if rng.random() < 0.5:
        pen.rectangle((0, 0, corner, ground), fill=ink(wall * 0.9))
    pen.rectangle((0, ground - 5, width, ground), fill=ink(mix(wall, np.ones(3), 0.5) * 0.95))
    for _ in range(rng.integers(1, 4)):
        hung = (_window, _window, _framed_picture, _shelf, _door, _cupboard)
        hung[int(rng.integers(len(hung)))](pen, rng.uniform(-0.05, 0.95) * width, ground, rng)
    for _ in range(rng.integers(0, 3)):
        _potted_plant(pen, rng.uniform(0, width), ground + rng.uniform(2, 14), rng)
    if rng.random() < 0.35:
        x, y, reach = rng.uniform(0.2, 0.8) * width, rng.uniform(0.5, 0.9) * (height - ground) + ground, rng.uniform(30, 70)
        pen.ellipse((x - reach, y - 0.3 * reach, x + reach, y + 0.3 * reach), fill=ink(THING.draw(rng)))


def _floor(pen: Pen, size: Size, ground: float, rng: np.random.Generator) -> None:
    """Planks or tiles that run together at a far point, or a plain carpet."""
    width, height = size
    rgb = WOOD.draw(rng) if rng.random() < 0.5 else PAVEMENT.draw(rng)
    pen.rectangle((0, ground, width, height), fill=ink(rgb))
    kind = rng.integers(3)
    if kind == 2:
        return
    far = rng.uniform(0.2, 0.8) * width
    for x in np.arange(-1.2 * width, 2.2 * width, rng.uniform(14, 40)).tolist():
        pen.line([(far + 0.45 * (x - far), ground), (x, height)], fill=ink(rgb * 0.8))
    if kind == 1:
        for share in (0.06, 0.16, 0.32, 0.55, 0.85):
            y = ground + share * (height - ground)
            pen.line([(0, y), (width, y)], fill=ink(rgb * 0.8))


def _window(pen: Pen, x: float, ground: float, rng: np.random.Generator) -> None:
    wide, high, top = rng.uniform(30, 65), rng.uniform(0.45, 0.7) * ground, rng.uniform(0.04, 0.2) * ground
    frame = hsv(30, rng.uniform(0, 0.3), rng.uniform(0.6, 0.95))
    pen.rectangle((x, top, x + wide, top + high), fill=ink(frame))
    pen.rectangle((x + 3, top + 3, x + wide - 3, top + high - 3), fill=ink(SKY.draw(rng) * rng.choice([1.0, 1.0, 0.3])))
    pen.line([(x + wide / 2, top), (x + wide / 2, top + high)], fill=ink(frame), width=2)
    if rng.random() < 0.5:
        cloth = THING.draw(rng)
        for left in (x - 7, x + wide - 5):
            pen.rectangle((left, top - 4, left + 12, top + high + 10), fill=ink(cloth))


def _framed_picture(pen: Pen, x: float, ground: float, rng: np.random.Generator) -> None:
    wide, high, top = rng.uniform(14, 34), rng.uniform(14, 34), rng.uniform(0.08, 0.4) * ground
    pen.rectangle((x, top, x + wide, top + high), fill=ink(WOOD.draw(rng)))
    pen.rectangle((x + 3, top + 3, x + wide - 3, top + high - 3), fill=ink(THING.draw(rng)))


def _shelf(pen: Pen, x: float, ground: float, rng: np.random.Generator) -> None:
    wood, wide = WOOD.draw(rng), rng.uniform(35, 70)
    for top in np.arange(0.15 * ground, 0.8 * ground, 24).tolist():
        at = x
        while at < x + wide - 6:
            thick = rng.uniform(2, 6)
            pen.rectangle((at, top + rng.uniform(3, 9), at + thick, top + 20), fill=ink(THING.draw(rng)))
            at += thick + rng.choice([0.5, 0.5, 5.0])
        pen.rectangle((x, top + 20, x + wide, top + 22), fill=ink(wood))


def _door(pen: Pen, x: float, ground: float, rng: np.random.Generator) -> None:
    rgb, wide = WOOD.draw(rng), rng.uniform(34, 46)
    pen.rectangle((x - 3, 0.08 * ground - 3, x + wide + 3, ground), fill=ink(rgb * 1.2))
    pen.rectangle((x, 0.08 * ground, x + wide, ground), fill=ink(rgb))
    pen.ellipse((x + wide - 8, 0.55 * ground, x + wide - 4, 0.55 * ground + 4), fill=ink(hsv(45, 0.4, 0.9)))


def _cupboard(pen: Pen, x: float, ground: float, rng: np.random.Generator) -> None:
    rgb, wide, high = WOOD.draw(rng), rng.uniform(35, 80), rng.uniform(0.35, 0.7) * ground
    pen.rectangle((x, ground - high, x + wide, ground + 6), fill=ink(rgb))
    pen.line([(x + wide / 2, ground - high), (x + wide / 2, ground + 6)], fill=ink(rgb * 0.6))
    for level in np.linspace(0.0, 1.0, int(rng.integers(2, 5))).tolist():
        y = ground - high + level * (high + 6)
        pen.line([(x, y), (x + wide, y)], fill=ink(rgb * 0.65))


def _potted_plant(pen: Pen, x: float, y: float, rng: np.random.Generator) -> None:
    green = FOLIAGE.draw(rng)
    for _ in range(9):
        leaf = blob((x + rng.normal(0, 8), y - 26 + rng.normal(0, 9)), rng.uniform(14, 28), rng)
        pen.polygon(leaf, fill=ink(vary(green, 0.3, rng)))
    pen.polygon([(x - 8, y - 14), (x + 8, y - 14), (x + 6, y), (x - 6, y)], fill=ink(THING.draw(rng)))
