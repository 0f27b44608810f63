"""Streets and parks: house fronts or trees, and pavement or lawn before them."""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw

from sweep.data.drawn.activities.room import FOLIAGE, PAVEMENT, SKY, THING
from sweep.data.drawn.camera import Size
from sweep.data.drawn.palette import Range, Tint, hsv, ink, vary

Pen = ImageDraw.ImageDraw

FACADE = Tint(Range(5, 60), Range(0.05, 0.5), Range(0.35, 0.85))
LAWN = Tint(Range(70, 115), Range(0.3, 0.65), Range(0.35, 0.65))


def street(pen: Pen, size: Size, ground: float, rng: np.random.Generator) -> None:
    """House fronts, a pavement, maybe a road; the ground begins `ground` pixels below the upper edge."""
    width, height = size
    pen.rectangle((0, 0, width, ground), fill=ink(SKY.draw(rng)))
    at = -rng.uniform(0, 40)
    while at < width:
        wide = rng.uniform(45, 110)
        _facade(pen, at, wide, rng.uniform(-0.2, 0.4) * ground, ground, rng)
        at += wide
    paved = PAVEMENT.draw(rng)
    pen.rectangle((0, ground, width, height), fill=ink(paved))
    kerb = ground + rng.uniform(0.1, 0.9) * (height - ground)
    if rng.random() < 0.6:
        pen.rectangle((0, kerb, width, height), fill=ink(hsv(220, 0.05, rng.uniform(0.25, 0.45))))
        pen.rectangle((0, kerb, width, kerb + 3), fill=ink(paved * 1.25))
    for x in np.arange(-width, 2 * width, rng.uniform(18, 40)).tolist():
        pen.line([(0.5 * width + 0.5 * (x - 0.5 * width), ground), (x, kerb)], fill=ink(paved * 0.85))
    for _ in range(rng.integers(0, 3)):
        _street_thing(pen, rng.uniform(0, width), ground, rng)


def _facade(pen: Pen, x: float, wide: float, top: float, ground: float, rng: np.random.Generator) -> None:
    rgb = FACADE.draw(rng)
    pen.rectangle((x, top, x + wide, ground), fill=ink(rgb))
    glass = hsv(210, rng.uniform(0.1, 0.4), rng.uniform(0.15, 0.8))
    step_x, step_y = rng.uniform(18, 28), rng.uniform(26, 38)
    for left in np.arange(x + 7, x + wide - 12, step_x).tolist():
        for upper in np.arange(top + 8, ground - 30, step_y).tolist():
            pen.rectangle((left - 1, upper - 1, left + 0.5 * step_x + 1, upper + 0.6 * step_y + 1), fill=ink(rgb * 1.2))
            pen.rectangle((left, upper, left + 0.5 * step_x, upper + 0.6 * step_y), fill=ink(vary(glass, 0.25, rng)))
    if rng.random() < 0.6:
        door = x + rng.uniform(0.1, 0.7) * wide
        pen.rectangle((door, ground - 34, door + 16, ground), fill=ink(THING.draw(rng)))


def _street_thing(pen: Pen, x: float, ground: float, rng: np.random.Generator) -> None:
    kind = rng.integers(3)
    if kind == 0:
        pen.rectangle((x - 1.5, 0.1 * ground, x + 1.5, ground + 4), fill=ink(hsv(0, 0, 0.25)))
        pen.ellipse((x - 6, 0.06 * ground, x + 6, 0.06 * ground + 10), fill=ink(hsv(50, 0.2, 0.95)))
    elif kind == 1:
        _tree(pen, x, ground + 6, rng.uniform(0.6, 1.1) * ground, rng)
    else:
        rgb = THING.draw(rng)
        pen.rounded_rectangle((x - 38, ground - 18, x + 38, ground + 2), 6, fill=ink(rgb))
        pen.polygon(
            [(x - 24, ground - 17), (x - 14, ground - 30), (x + 14, ground - 30), (x + 25, ground - 17)], fill=ink(rgb * 0.8)
        )
        for wheel in (x - 22, x + 22):
            pen.ellipse((wheel - 7, ground - 6, wheel + 7, ground + 8), fill=ink(hsv(0, 0, 0.12)))


def park(pen: Pen, size: Size, ground: float, rng: np.random.Generator) -> None:
    """Trees far and near, a lawn, maybe a path; the ground begins `ground` pixels below the upper edge."""
    width, height = size
    pen.rectangle((0, 0, width, ground), fill=ink(SKY.draw(rng)))
    far = FOLIAGE.draw(rng)
    for x in np.arange(-20, width + 20, rng.uniform(10, 24)).tolist():
        reach = rng.uniform(14, 42)
        pen.ellipse((x - reach, ground - 1.3 * reach, x + reach, ground + reach), fill=ink(vary(far, 0.25, rng)))
    lawn = LAWN.draw(rng)
    pen.rectangle((0, ground, width, height), fill=ink(lawn))
    for depth in np.linspace(0, 1, 60).tolist():
        x, y = rng.uniform(0, width), ground + depth * (height - ground)
        pen.line(
            [(x, y), (x + rng.uniform(-2, 2), y - 2 - 5 * depth)], fill=ink(vary(lawn, 0.35, rng)), width=1 + int(depth > 0.6)
        )
    if rng.random() < 0.5:
        near, off = rng.uniform(0, width), rng.uniform(0, width)
        path = [(off - 6, ground), (off + 6, ground), (near + 60, height), (near - 60, height)]
        pen.polygon(path, fill=ink(hsv(35, 0.25, rng.uniform(0.55, 0.8))))
    for _ in range(rng.integers(1, 4)):
        _tree(pen, rng.uniform(0, width), ground + rng.uniform(2, 16), rng.uniform(0.5, 1.2) * ground, rng)
    if rng.random() < 0.3:
        for x in np.arange(0, width, 14).tolist():
            pen.rectangle((x, ground - 16, x + 4, ground + 4), fill=ink(hsv(30, 0.3, 0.5)))


def _tree(pen: Pen, x: float, y: float, tall: float, rng: np.random.Generator) -> None:
    bark, crown = hsv(25, 0.4, rng.uniform(0.2, 0.4)), FOLIAGE.draw(rng)
    thick = 0.045 * tall
    pen.polygon(
        [(x - thick, y), (x - 0.6 * thick, y - 0.6 * tall), (x + 0.6 * thick, y - 0.6 * tall), (x + thick, y)], fill=ink(bark)
    )
    for _ in range(10):
        cx, cy, r = x + rng.normal(0, 0.16 * tall), y - 0.72 * tall + rng.normal(0, 0.11 * tall), rng.uniform(0.1, 0.2) * tall
        pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=ink(vary(crown, 0.3, rng)))
