"""A photograph of a specimen: background, shadow, plant, what stands in front of it, and the camera's light."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sweep.data.drawn.background import background, blob
from sweep.data.drawn.camera import Size, developed, picture_size
from sweep.data.drawn.palette import Floats, hsv, ink
from sweep.data.drawn.plants.frame import rotation
from sweep.data.drawn.plants.sketch import Sketch, View
from sweep.data.drawn.plants.species import Species

SUPERSAMPLE = 2


def photograph(species: Species, rng: np.random.Generator) -> Image.Image:
    """One RGB picture of one individual, about 176 pixels on its shorter side."""
    size = picture_size(rng)
    canvas = (size[0] * SUPERSAMPLE, size[1] * SUPERSAMPLE)
    light = _light(rng)
    picture = background(size, rng).resize(canvas, Image.Resampling.BILINEAR)
    plant = specimen(species, rng).paint(_view(canvas, light, rng))
    picture = _with_shadow(picture, plant, light, rng)
    picture.paste(plant, mask=plant)
    _occlude(picture, rng)
    return developed(picture.reduce(SUPERSAMPLE), rng)


def specimen(species: Species, rng: np.random.Generator) -> Sketch:
    """One individual of a species, standing upright in the picture's plane."""
    sketch = Sketch()
    species.plant.lay(sketch, rng)
    return sketch


def _light(rng: np.random.Generator) -> Floats:
    around, height = rng.uniform(0, 2 * math.pi), math.radians(rng.uniform(35, 75))
    return np.array([math.cos(around) * math.cos(height), math.sin(around) * math.cos(height), math.sin(height)])


def _view(canvas: Size, light: Floats, rng: np.random.Generator) -> View:
    """Turned, tilted away, nearer or farther, and not quite in the middle."""
    turn = rng.normal(0.0, 28.0)
    tilt = rotation(rng.uniform(0, 360), 0.0, 0.0)
    basis = rotation(turn) @ tilt @ rotation(0.0, rng.uniform(0, 36)) @ tilt.T
    short = min(canvas)
    centre = (canvas[0] / 2 + short * rng.uniform(-0.12, 0.12), canvas[1] / 2 + short * rng.uniform(-0.12, 0.12))
    return View(basis, light, canvas, centre, short * rng.uniform(0.8, 1.25))


def _with_shadow(picture: Image.Image, plant: Image.Image, light: Floats, rng: np.random.Generator) -> Image.Image:
    """The plant's silhouette falls away from the light, soft when it stands high above the ground."""
    height, strength = rng.uniform(2, 14), rng.uniform(0.15, 0.65)
    small = plant.getchannel("A").reduce(4)
    moved = Image.new("L", small.size)
    moved.paste(small, (round(-light[0] * height), round(light[1] * height)))
    shadow = moved.filter(ImageFilter.GaussianBlur(0.6 + 0.25 * height))
    shadow = shadow.point([round(255 - strength * level) for level in range(256)])
    full = shadow.resize(picture.size, Image.Resampling.BILINEAR)
    return ImageChops.multiply(picture, Image.merge("RGB", (full, full, full)))


def _occlude(picture: Image.Image, rng: np.random.Generator) -> None:
    """Grass blades and leaves of other plants in front, some out of focus."""
    front = Image.new("RGBA", picture.size)
    pen = ImageDraw.Draw(front)
    for _ in range(rng.integers(0, 3)):
        rgb = hsv(rng.uniform(28, 125), rng.uniform(0.3, 0.7), rng.uniform(0.25, 0.65))
        if rng.random() < 0.5:
            _lay_stray_leaf(pen, picture.size, rgb, rng)
        else:
            _lay_grass_blade(pen, picture.size, rgb, rng)
    if front.getbbox() is None:
        return
    if rng.random() < 0.4:
        blurred = front.reduce(SUPERSAMPLE).filter(ImageFilter.GaussianBlur(rng.uniform(0.8, 2.5)))
        front = blurred.resize(picture.size, Image.Resampling.BILINEAR)
    picture.paste(front, mask=front)


def _lay_stray_leaf(pen: ImageDraw.ImageDraw, size: Size, rgb: Floats, rng: np.random.Generator) -> None:
    centre = (rng.uniform(0, size[0]), rng.uniform(0, size[1]))
    outline = blob(centre, min(size) * rng.uniform(0.2, 0.5), rng)
    half = len(outline) // 2
    pen.polygon(outline, fill=(*ink(rgb), 255))
    pen.polygon(outline[:half], fill=(*ink(rgb * 0.82), 255))
    pen.line([outline[0], outline[half]], fill=(*ink(rgb * 1.25), 255), width=2)


def _lay_grass_blade(pen: ImageDraw.ImageDraw, size: Size, rgb: Floats, rng: np.random.Generator) -> None:
    foot, below = rng.uniform(0, size[0]), 1.05 * size[1]
    tip = (rng.uniform(0, size[0]), rng.uniform(0, 0.5 * size[1]))
    half_width = rng.uniform(3, 9)
    pen.polygon([(foot - half_width, below), tip, (foot + half_width, below)], fill=(*ink(rgb), 255))
    pen.polygon([(foot, below), tip, (foot + half_width, below)], fill=(*ink(rgb * 0.8), 255))
