"""The five fruits: bodies about one unit in size, and skins whose colours overlap as those of ripe and unripe fruit do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sweep.data.drawn.palette import Floats, Range, Tint, hsv
from sweep.data.drawn.prototype.relief import Body, Skin

ANY_COLOUR = 0.02
"""Share of fruit with a colour that any of the five may have. Higher is harder."""

RED = Tint(Range(-12, 14), Range(0.7, 0.95), Range(0.45, 0.85))
GREEN = Tint(Range(65, 100), Range(0.45, 0.8), Range(0.45, 0.8))
YELLOW = Tint(Range(44, 60), Range(0.55, 0.9), Range(0.75, 0.98))
RUSSET = Tint(Range(28, 44), Range(0.45, 0.75), Range(0.4, 0.7))
DARK_RED = Tint(Range(-20, 6), Range(0.75, 0.95), Range(0.25, 0.6))
ALL_TINTS = (RED, GREEN, YELLOW, RUSSET, DARK_RED)
STALK = hsv(32, 0.5, 0.3)

Fruit = Callable[[np.random.Generator], list[Body]]


def apple(rng: np.random.Generator) -> list[Body]:
    """Round, hollow where the short stalk is."""
    squat, taper = rng.uniform(0.86, 1.05), rng.uniform(0.5, 0.9)
    turns = np.linspace(0.0, 2.0 * np.pi, 14, endpoint=False)
    upper = np.stack([0.19 * np.cos(turns), np.full(14, 0.07 * squat), 0.19 * np.sin(turns)], axis=1)
    lower = upper * (taper, 0.0, taper) - (0.0, 0.13 * squat, 0.0)
    radii = np.concatenate([np.full(14, 0.3), np.full(14, 0.27)])
    skin = _skin((RED, GREEN, YELLOW), RED, rng.uniform(0.0, 0.9), rng, gloss=rng.uniform(0.2, 0.6), speckle=YELLOW.draw(rng))
    bodies = [Body(np.concatenate([upper, lower]), radii, skin)]
    return [*bodies, _stalk((0.0, 0.16), (rng.uniform(-0.08, 0.08), rng.uniform(0.42, 0.56)), 0.022)]


def pear(rng: np.random.Generator) -> list[Body]:
    """A wide belly, and a neck that leans a little."""
    along = np.linspace(0.0, 1.0, 24)
    belly, neck = rng.uniform(0.29, 0.35), rng.uniform(0.11, 0.17)
    waist = 1.0 / (1.0 + np.exp(-11.0 * (along - rng.uniform(0.46, 0.58))))
    radii = (belly + (neck - belly) * waist) * (1.0 - 0.25 * along**8)
    lean = rng.uniform(-0.14, 0.14)
    centres = np.stack([lean * along**2, -0.22 + 0.52 * along, np.zeros(24)], axis=1)
    skin = _skin(
        (GREEN, YELLOW, RUSSET), RUSSET, rng.uniform(0.0, 0.5), rng, gloss=rng.uniform(0.05, 0.3), speckle=RUSSET.draw(rng)
    )
    return [Body(centres, radii, skin), _stalk((lean, 0.38), (lean + rng.uniform(-0.1, 0.1), rng.uniform(0.52, 0.64)), 0.024)]


def lemon(rng: np.random.Generator) -> list[Body]:
    """Longish, with a nipple at either end."""
    x = np.linspace(-0.2, 0.2, 13)
    wide, long = rng.uniform(0.26, 0.32), rng.uniform(0.95, 1.15)
    belly = wide * np.sqrt(1.0 - 0.38 * (x / 0.2) ** 2)
    nipple_x, nipple = np.linspace(0.36, 0.51, 7), np.linspace(0.13, 0.045, 7)
    x = np.concatenate([-nipple_x[::-1], x, nipple_x]) * long
    radii = np.concatenate([nipple[::-1], belly, nipple])
    skin = _skin((YELLOW, YELLOW, GREEN), GREEN, rng.uniform(0.0, 0.35), rng, gloss=rng.uniform(0.1, 0.4), rough=0.12)
    return [Body(np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=1), radii, skin)]


def banana(rng: np.random.Generator) -> list[Body]:
    """Bent, with a dark stalk and tip; one to three that share the stalk."""
    tints = (YELLOW, YELLOW, GREEN)
    skin = _skin(tints, RUSSET, rng.uniform(0.0, 0.3), rng, end=STALK, gloss=rng.uniform(0.05, 0.25), speckle=STALK)
    count = int(rng.choice([1, 2, 3], p=(0.5, 0.3, 0.2)))
    along = np.linspace(0.0, 1.0, 34)
    arc, thick = np.radians(rng.uniform(65, 125)), rng.uniform(0.08, 0.11)
    radii = thick * np.clip(4.0 * np.minimum(along - 0.08, 1.0 - along), 0.0, 1.0) ** 0.6
    radii = np.maximum(radii, np.where(along < 0.5, 0.03, 0.024))
    bodies = []
    for number in range(count):
        bent = arc * rng.uniform(0.9, 1.1)
        turns = along * bent - 0.5 * arc - 0.22 * number
        # An arc from the shared stalk on; each next banana is turned about the stalk, and lies behind.
        step = np.stack([np.cos(turns), np.sin(turns)], axis=1) * 0.95 / 33
        path = np.concatenate([np.zeros((1, 2)), np.cumsum(step[1:], axis=0)]) - (0.44, -0.16)
        depth = -0.8 * thick * number * np.clip(along * 3.0, 0.0, 1.0)
        bodies.append(Body(np.concatenate([path, depth[:, None]], axis=1), radii, skin))
    return bodies


def cherry(rng: np.random.Generator) -> list[Body]:
    """One to three on long stalks that meet."""
    count = int(rng.choice([1, 2, 3], p=(0.15, 0.65, 0.2)))
    meet = (rng.uniform(-0.1, 0.1), rng.uniform(0.42, 0.5))
    gloss, blush = rng.uniform(0.4, 0.8), rng.uniform(0.0, 0.6)
    skin = _skin((DARK_RED, RED, DARK_RED, YELLOW), RED, blush, rng, gloss=gloss)
    bodies = []
    for number in range(count):
        x = (number - (count - 1) / 2.0) * rng.uniform(0.36, 0.46) + rng.uniform(-0.05, 0.05)
        y, z, size = rng.uniform(-0.32, -0.16), rng.uniform(-0.12, 0.12), rng.uniform(0.17, 0.21)
        turns = np.linspace(0.0, 2.0 * np.pi, 7, endpoint=False)
        ring = np.stack([x + 0.05 * np.cos(turns), np.full(7, y), z + 0.05 * np.sin(turns)], axis=1)
        bodies.append(Body(ring, np.full(7, size - 0.05), skin))
        bodies.append(_stalk((x, y + 0.6 * size), meet, 0.014, z, bow=rng.uniform(-0.08, 0.08)))
    return bodies


ALL_FRUIT: dict[str, Fruit] = {"apple": apple, "banana": banana, "cherry": cherry, "lemon": lemon, "pear": pear}


def _skin(
    tints: tuple[Tint, ...],
    blush: Tint,
    share: float,
    rng: np.random.Generator,
    *,
    gloss: float,
    rough: float = 0.0,
    end: Floats | None = None,
    speckle: Floats | None = None,
) -> Skin:
    base = tints[int(rng.integers(len(tints)))].draw(rng)
    second = blush.draw(rng)
    if rng.random() < ANY_COLOUR:
        base, second = (ALL_TINTS[int(rng.integers(len(ALL_TINTS)))].draw(rng) for _ in range(2))
    spots = speckle if rng.random() < 0.5 else None
    return Skin(base=base, blush=second, blush_share=share, end=end, speckle=spots, gloss=gloss, rough=rough)


def _stalk(foot: tuple[float, float], tip: tuple[float, float], radius: float, z: float = 0.0, bow: float = 0.0) -> Body:
    along = np.linspace(0.0, 1.0, 40)
    x = foot[0] + (tip[0] - foot[0]) * along + bow * np.sin(np.pi * along)
    y = foot[1] + (tip[1] - foot[1]) * along
    return Body(np.stack([x, y, z * (1.0 - along)], axis=1), radius * (0.8 + 0.4 * along**6), Skin(base=STALK, blush=STALK))
