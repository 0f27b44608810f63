"""The camera: the picture's size, and what light, lens and sensor do to what stands before it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Size = tuple[int, int]
"""Width and height in pixels."""
SHORT_SIDE_PX = 176


def picture_size(rng: np.random.Generator) -> Size:
    """Upright or lying, about 176 pixels on the shorter side."""
    short = SHORT_SIDE_PX + int(rng.integers(-8, 9))
    long = int(short * rng.uniform(1.0, 1.36))
    return (long, short) if rng.random() < 0.5 else (short, long)


def developed(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Focus, uneven and dappled light, exposure and white balance, contrast, sensor noise."""
    if rng.random() < 0.35:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.3)))
    light = 1.0 + rng.uniform(0.0, 0.22) * clouds(picture.size, 1, rng)
    if rng.random() < 0.35:
        dapple = np.clip(clouds(picture.size, int(rng.integers(3, 8)), rng) * 4.0, -1.0, 1.0)
        light *= 1.0 + rng.uniform(0.1, 0.35) * dapple
    exposure, warmth, tint = math.exp(rng.normal(0.1, 0.15)), rng.normal(0.0, 0.05), rng.normal(0.0, 0.02)
    gain = exposure * np.array([1.0 + warmth, 1.0 + tint, 1.0 - warmth])
    gamma = math.exp(rng.normal(0.0, 0.1))
    pixels = np.asarray(picture, dtype=np.float32) * light[..., None]
    pixels *= (gain / 255.0).astype(np.float32)  # in place from here on: a third less time than with new arrays
    np.clip(pixels, 0.0, 1.0, out=pixels)
    pixels **= gamma
    noise = rng.standard_normal(pixels.shape, dtype=np.float32)
    noise *= rng.uniform(0.004, 0.02)
    pixels += noise
    pixels *= 255.0
    return Image.fromarray(np.clip(pixels, 0.0, 255.0, out=pixels).astype(np.uint8))


def clouds(size: Size, cells: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """(height, width) float32: smooth noise in -1..1 with about `cells` waves over the picture."""
    coarse = Image.fromarray(rng.integers(0, 256, (cells + 1, cells + 1), dtype=np.uint8))
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=np.float32) / 127.5 - 1.0
