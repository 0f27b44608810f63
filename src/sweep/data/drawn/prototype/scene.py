"""A photograph of fruit: what it lies on, its shadow, one to three of it, and what is in the way."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from sweep.data.drawn.background import background, blob
from sweep.data.drawn.camera import Size, developed, picture_size
from sweep.data.drawn.palette import Floats, Range, hsv, ink
from sweep.data.drawn.prototype.fruit import Fruit
from sweep.data.drawn.prototype.relief import Body, Canvas, Pixels, paint_body
from sweep.data.drawn.spin import spin

EXTENT = Range(0.65, 0.95)
"""Size of a fruit, as a share of the picture's shorter side. Lower is harder."""
OCCLUDED = 0.1
"""Share of pictures with leaves in front. Higher is harder."""


def photograph(fruit: Fruit, rng: np.random.Generator) -> Image.Image:
    """One RGB picture, about 176 pixels on its shorter side."""
    size = picture_size(rng)
    light = _light(rng)
    picture = _ground(size, rng)
    bodies = [body for place in _places(size, rng) for body in _laid(fruit(rng), place, rng)]
    shadow, canvas = _shadow(bodies, size, light, rng), _canvas(picture)
    canvas.rgb[...] *= shadow[..., None]
    for body in bodies:
        paint_body(canvas, body, light, rng)
    picture = Image.fromarray((np.clip(canvas.rgb, 0.0, 1.0) * 255.0).astype(np.uint8))
    if rng.random() < OCCLUDED:
        picture = picture.resize((2 * size[0], 2 * size[1]), Image.Resampling.BILINEAR)
        _occlude(picture, rng)
        picture = picture.reduce(2)
    return developed(picture, rng)


def _light(rng: np.random.Generator) -> Floats:
    """(3,) unit vector in pixels' directions, mostly from above."""
    around, height = rng.uniform(0, 2 * math.pi), math.radians(rng.uniform(30, 70))
    return np.array([math.cos(around) * math.cos(height), -abs(math.sin(around)) * math.cos(height), math.sin(height)])


def _ground(size: Size, rng: np.random.Generator) -> Image.Image:
    """The ground, a checked or striped cloth over it, a plate: each or none."""
    picture = background(size, rng)
    if rng.random() < 0.3:
        picture = _cloth(size, rng)
    if rng.random() < 0.25:
        picture = picture.resize((2 * size[0], 2 * size[1]), Image.Resampling.BILINEAR)
        _plate(picture, rng)
        picture = picture.reduce(2)
    return picture


def _cloth(size: Size, rng: np.random.Generator) -> Image.Image:
    around = max(size) * 2
    first, second = (hsv(rng.uniform(0, 360), rng.uniform(0.05, 0.7), rng.uniform(0.4, 0.95)) for _ in range(2))
    cloth = Image.new("RGB", (around, around), ink(first))
    pen, step = ImageDraw.Draw(cloth, "RGBA"), int(rng.integers(10, 36))
    is_checked = rng.random() < 0.6
    for at in range(0, around, 2 * step):
        pen.rectangle((at, 0, at + step, around), fill=(*ink(second), 150))
        if is_checked:
            pen.rectangle((0, at, around, at + step), fill=(*ink(second), 150))
    turned = cloth.rotate(rng.uniform(0, 90), Image.Resampling.BILINEAR)
    left, top = (around - size[0]) // 2, (around - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


def _plate(picture: Image.Image, rng: np.random.Generator) -> None:
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    rgb = hsv(rng.uniform(0, 360), rng.uniform(0.0, 0.25), rng.uniform(0.7, 0.97))
    x, y, reach = width * rng.uniform(0.4, 0.6), height * rng.uniform(0.4, 0.6), min(width, height) * rng.uniform(0.4, 0.56)
    flat = rng.uniform(0.7, 1.0)
    for share, shade in ((1.0, 0.8), (0.985, 1.0), (0.7, 0.9), (0.68, 0.97)):
        radius = share * reach
        pen.ellipse((x - radius, y - flat * radius, x + radius, y + flat * radius), fill=ink(rgb * shade))


def _places(size: Size, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Middle x, middle y and size in pixels of each fruit, none far from the picture's middle."""
    count = int(rng.choice([1, 2, 3], p=(0.75, 0.2, 0.05)))
    short = min(size)
    extent = EXTENT.draw(rng) * short * (1.0, 0.8, 0.7)[count - 1]
    turn, apart = rng.uniform(0, 2 * math.pi), (0.0, 0.34, 0.42)[count - 1] * extent * rng.uniform(1.0, 1.4)
    middle = (size[0] / 2 + short * rng.uniform(-0.13, 0.13), size[1] / 2 + short * rng.uniform(-0.13, 0.13))
    places = []
    for number in range(count):
        angle = turn + 2 * math.pi * number / count
        places.append((middle[0] + apart * math.cos(angle), middle[1] + apart * math.sin(angle), extent * rng.uniform(0.9, 1.1)))
    return places


def _laid(fruit: list[Body], place: tuple[float, float, float], rng: np.random.Generator) -> list[Body]:
    """Turned any way in the picture, tilted towards or away from the camera, in pixels with y down."""
    basis = spin(2, rng.normal(0.0, 55.0)) @ spin(0, rng.uniform(-45, 45)) @ spin(1, rng.uniform(-50, 50))
    x, y, extent = place
    away = rng.uniform(-0.1, 0.1) * extent
    return [
        Body(body.centres @ basis.T * (extent, -extent, extent) + (x, y, away), body.radii * extent, body.skin) for body in fruit
    ]


def _canvas(picture: Image.Image) -> Canvas:
    rgb = np.asarray(picture, dtype=np.float32) / 255.0
    return Canvas(rgb, np.full(rgb.shape[:2], -np.inf, dtype=np.float32))


def _shadow(bodies: list[Body], size: Size, light: Floats, rng: np.random.Generator) -> Pixels:
    """(height, width): what is left of the light on the ground."""
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    for body in bodies:
        fallen = body.centres[:, :2] - light[:2] * body.radii.max() * 0.9
        for (x, y), radius in zip(fallen.tolist(), body.radii.tolist(), strict=True):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    soft = mask.filter(ImageFilter.GaussianBlur(rng.uniform(2.0, 6.0)))
    left: Pixels = 1.0 - rng.uniform(0.3, 0.65) * np.asarray(soft, dtype=np.float32) / 255.0
    return left


def _occlude(picture: Image.Image, rng: np.random.Generator) -> None:
    """Leaves between the camera and the fruit."""
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    for _ in range(rng.integers(1, 4)):
        rgb = hsv(rng.uniform(60, 130), rng.uniform(0.3, 0.7), rng.uniform(0.25, 0.6))
        outline = blob((rng.uniform(0, width), rng.uniform(0, height)), min(width, height) * rng.uniform(0.25, 0.5), rng)
        half = len(outline) // 2
        pen.polygon(outline, fill=ink(rgb))
        pen.polygon(outline[:half], fill=ink(rgb * 0.82))
        pen.line([outline[0], outline[half]], fill=ink(rgb * 1.25), width=1)
