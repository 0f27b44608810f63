"""Where people are: rooms, streets and parks, the same for every activity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sweep.data.drawn.activities.outdoors import park, street
from sweep.data.drawn.activities.room import room
from sweep.data.drawn.camera import Size, clouds

Place = Callable[[ImageDraw.ImageDraw, Size, float, np.random.Generator], None]
PLACES: tuple[Place, ...] = (room, room, street, park)


def place(size: Size, ground_px: float, rng: np.random.Generator) -> Image.Image:
    """One RGB picture of a place without people; its ground begins `ground_px` below the upper edge."""
    picture = Image.new("RGB", size)
    PLACES[int(rng.integers(len(PLACES)))](ImageDraw.Draw(picture), size, ground_px, rng)
    grain = 235.0 + 10.0 * clouds(size, 4, rng) + rng.uniform(2, 10) * clouds(size, 40, rng)
    level = Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))
    picture = ImageChops.multiply(picture, Image.merge("RGB", (level, level, level)))
    return picture.filter(ImageFilter.BoxBlur(rng.uniform(0.3, 2.0)))
