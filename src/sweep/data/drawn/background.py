"""What lies behind a plant or under a fruit: soil, grass, paper, planks, leaves out of focus, lights out of focus."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from sweep.data.drawn.camera import Size, clouds
from sweep.data.drawn.palette import Floats, Range, Tint, hsv, ink, mix, vary

Painter = Callable[[Size, np.random.Generator], Image.Image]

LEAF_LITTER = Tint(Range(22, 125), Range(0.25, 0.65), Range(0.15, 0.5))


def background(size: Size, rng: np.random.Generator) -> Image.Image:
    """One RGB background of the given width and height."""
    painters: tuple[Painter, ...] = (_soil, _grass, _paper, _planks, _bokeh, _thicket)
    return painters[int(rng.integers(len(painters)))](size, rng)


def _grained(rgb: Floats, size: Size, weights: dict[int, float], rng: np.random.Generator) -> Image.Image:
    light = np.ones((size[1], size[0]), dtype=np.float32)
    for cells, weight in weights.items():
        light += weight * clouds(size, cells, rng)
    return _lit(rgb, light)


def _lit(rgb: Floats, light: NDArray[np.float32]) -> Image.Image:
    """One colour under light of (height, width), 1 being the colour itself."""
    pixels = light[..., None] * (rgb * 255.0).astype(np.float32)
    return Image.fromarray(np.clip(pixels, 0.0, 255.0).astype(np.uint8))


def _soil(size: Size, rng: np.random.Generator) -> Image.Image:
    rgb = hsv(rng.uniform(15, 38), rng.uniform(0.2, 0.5), rng.uniform(0.22, 0.55))
    picture = _grained(rgb, size, {4: 0.15, 18: 0.15, 60: 0.25}, rng)
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.integers(15, 60)):
        x, y, r = rng.uniform(0, size[0]), rng.uniform(0, size[1]), rng.uniform(1.0, 5.0)
        stone = vary(rgb * rng.uniform(0.6, 1.6), 0.2, rng)
        pen.ellipse((x - r, y - 0.7 * r, x + r, y + 0.7 * r), fill=ink(stone))
        pen.ellipse((x - 0.6 * r, y - 0.6 * r, x + 0.3 * r, y), fill=ink(stone * 1.15))
    return picture


def _grass(size: Size, rng: np.random.Generator) -> Image.Image:
    hue = rng.uniform(70, 125)
    picture = _grained(hsv(hue, 0.5, 0.22), size, {5: 0.3}, rng)
    pen = ImageDraw.Draw(picture)
    lean = rng.uniform(-0.5, 0.5)
    for depth in np.linspace(0.3, 1.0, 140).tolist():
        x, y = rng.uniform(-20, size[0] + 20), rng.uniform(0, size[1] + 60)
        length, width = rng.uniform(25, 75), rng.uniform(1.5, 4.0)
        tip = (x + (lean + rng.normal(0, 0.35)) * length, y - length)
        blade = hsv(hue + rng.uniform(-18, 12), rng.uniform(0.35, 0.7), 0.65 * depth * rng.uniform(0.6, 1.1))
        pen.polygon([(x - width, y), tip, (x + width, y)], fill=ink(blade))
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 2.0)))


def _paper(size: Size, rng: np.random.Generator) -> Image.Image:
    rgb = hsv(rng.uniform(25, 230), rng.uniform(0.0, 0.14), rng.uniform(0.68, 0.96))
    return _grained(rgb, size, {2: 0.08, 90: 0.025}, rng)


def _planks(size: Size, rng: np.random.Generator) -> Image.Image:
    if is_lying := rng.random() < 0.5:
        size = (size[1], size[0])
    rgb = hsv(rng.uniform(18, 38), rng.uniform(0.1, 0.55), rng.uniform(0.35, 0.75))
    grain = clouds((size[0], size[1] // 24 + 1), 70, rng)
    fibres = np.asarray(Image.fromarray(grain).resize(size, Image.Resampling.BILINEAR))
    picture = _lit(rgb, 1.0 + 0.2 * fibres + 0.1 * clouds(size, 3, rng))
    pen = ImageDraw.Draw(picture)
    width = rng.integers(35, 90)
    for x in range(rng.integers(0, width), size[0], width):
        pen.line([(x, 0), (x, size[1])], fill=ink(rgb * 0.35), width=2)
    return picture.transpose(Image.Transpose.ROTATE_90) if is_lying else picture


def _bokeh(size: Size, rng: np.random.Generator) -> Image.Image:
    hue = rng.uniform(50, 170)
    small = (size[0] // 3 + 1, size[1] // 3 + 1)
    picture = _grained(hsv(hue, rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.6)), small, {3: 0.45}, rng)
    pen = ImageDraw.Draw(picture, "RGBA")
    for _ in range(rng.integers(8, 30)):
        x, y, r = rng.uniform(0, small[0]), rng.uniform(0, small[1]), rng.uniform(2, 11)
        light = hsv(hue + rng.uniform(-50, 40), rng.uniform(0.1, 0.6), rng.uniform(0.5, 1.0))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=(*ink(light), int(rng.integers(50, 150))))
    return picture.filter(ImageFilter.GaussianBlur(1.2)).resize(size, Image.Resampling.BICUBIC)


def _thicket(size: Size, rng: np.random.Generator) -> Image.Image:
    """Leaves of no particular species, the farther the darker."""
    picture = _grained(hsv(rng.uniform(60, 130), 0.4, 0.15), size, {4: 0.3}, rng)
    pen = ImageDraw.Draw(picture)
    tint = LEAF_LITTER.draw(rng)
    for depth in np.linspace(0.35, 1.0, 45).tolist():
        outline = blob((rng.uniform(0, size[0]), rng.uniform(0, size[1])), rng.uniform(14, 46), rng)
        rgb = mix(tint, LEAF_LITTER.draw(rng), 0.5) * depth
        pen.polygon(outline, fill=ink(rgb))
        pen.line([outline[0], outline[len(outline) // 2]], fill=ink(rgb * 1.3))
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 2.5)))


def blob(centre: tuple[float, float], length: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """A plain leaf in the picture's plane: its outline as canvas points."""
    along = np.linspace(0.0, 1.0, 10)
    half = rng.uniform(0.12, 0.35) * np.sin(np.pi * along**0.8)
    x = np.concatenate([along, along[::-1]]) - 0.5
    y = np.concatenate([half, -half[::-1]])
    angle = rng.uniform(0, 2 * np.pi)
    turned_x = centre[0] + length * (x * np.cos(angle) - y * np.sin(angle))
    turned_y = centre[1] + length * (x * np.sin(angle) + y * np.cos(angle))
    return list(zip(turned_x.tolist(), turned_y.tolist(), strict=True))
