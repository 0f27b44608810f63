"""Round bodies as unions of balls, painted with the distance of every pixel: they stand before and behind each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from sweep.data.drawn.camera import clouds
from sweep.data.drawn.palette import Floats

SEAM = 0.12  # of the largest ball: how far normals are blurred
AMBIENT, DIFFUSE, GLOSS_POWER = 0.42, 0.68, 24.0
Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skin:
    """Colours over a body, (3,) RGB in 0..1."""

    base: Floats
    blush: Floats
    blush_share: float = 0.0
    """Of the surface, on one side and in patches."""
    end: Floats | None = None
    """Of the two ends of a body that has ends."""
    speckle: Floats | None = None
    gloss: float = 0.3
    rough: float = 0.0
    """Unevenness that the light shows: pores."""


@dataclass(frozen=True, slots=True)
class Body:
    """A union of balls in order from end to end."""

    centres: Floats
    """(n, 3): x right, y up, z towards the camera."""
    radii: Floats
    """(n,)."""
    skin: Skin


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is painted so far."""

    rgb: Pixels
    """(height, width, 3) in 0..1."""
    near: Pixels
    """(height, width): how near what is painted is; -inf where nothing is."""


def paint_body(canvas: Canvas, body: Body, light: Floats, rng: np.random.Generator) -> None:
    """Paint what of the body is not behind something. `light` is a (3,) unit vector; the body is in pixels, y down."""
    height, width = canvas.near.shape
    low, high = (body.centres - body.radii[:, None])[:, :2].min(axis=0), (body.centres + body.radii[:, None])[:, :2].max(axis=0)
    left, top = (int(max(edge - 2, 0)) for edge in low)
    right, bottom = int(min(high[0] + 3, width)), int(min(high[1] + 3, height))
    if right <= left or bottom <= top:
        return
    window = (slice(top, bottom), slice(left, right))
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    depth, normal, along, cover = _surface(x, y, body)
    cover *= depth > canvas.near[window]
    lit = _lit(_coloured(normal, along, body.skin, rng), normal, light, body.skin, rng)
    canvas.rgb[window] += cover[..., None] * (lit - canvas.rgb[window])
    canvas.near[window] = np.where(cover > 0.5, depth, canvas.near[window])


def _surface(x: Pixels, y: Pixels, body: Body) -> tuple[Pixels, Pixels, Pixels, Pixels]:
    """Over the window: how near the surface is, its normal (h, w, 3), which ball it belongs to (0..1), and coverage."""
    depth = np.full(x.shape, -np.inf, dtype=np.float32)
    edge = np.full(x.shape, -np.inf, dtype=np.float32)
    ball = np.zeros(x.shape, dtype=np.int64)
    for index, ((cx, cy, cz), radius) in enumerate(zip(body.centres.tolist(), body.radii.tolist(), strict=True)):
        apart = (x - cx) ** 2 + (y - cy) ** 2
        edge = np.maximum(edge, radius - np.sqrt(apart))
        front = cz + np.sqrt(np.maximum(radius**2 - apart, 0.0)) - 3.0 * (apart > radius**2) * np.sqrt(apart)
        ball = np.where(front > depth, index, ball)
        depth = np.maximum(depth, front)
    centres, radii = body.centres.astype(np.float32)[ball], body.radii.astype(np.float32)[ball]
    aside = np.stack([x - centres[..., 0], y - centres[..., 1]], axis=-1) / radii[..., None]
    up = np.sqrt(np.maximum(1.0 - (aside**2).sum(axis=-1), 0.0))
    normal = np.concatenate([aside, up[..., None]], axis=-1)
    normal = _smoothed(normal, float(radii.max()) * SEAM)
    return depth, normal, (ball / max(len(body.radii) - 1, 1)).astype(np.float32), np.clip(edge + 0.5, 0.0, 1.0)


def _smoothed(normal: Pixels, spread_px: float) -> Pixels:
    """Without the creases between balls, which no skin has."""
    coded = Image.fromarray(np.clip(normal * 127.0 + 128.0, 0.0, 255.0).astype(np.uint8))
    blurred = np.asarray(coded.filter(ImageFilter.GaussianBlur(spread_px)), dtype=np.float32) / 127.0 - 128.0 / 127.0
    length: Pixels = np.linalg.norm(blurred, axis=-1, keepdims=True) + np.float32(1e-6)
    return blurred / length


def _coloured(normal: Pixels, along: Pixels, skin: Skin, rng: np.random.Generator) -> Pixels:
    """(h, w, 3): the skin without light."""
    height, width = along.shape
    patches = clouds((width, height), 3, rng)
    sunny = rng.standard_normal(3)
    facing = normal @ (sunny / np.linalg.norm(sunny)).astype(np.float32)
    blushed = 1.0 / (1.0 + np.exp(-5.0 * (0.6 * facing + 0.5 * patches + 2.4 * skin.blush_share - 1.2)))
    rgb = skin.base + blushed[..., None] * (skin.blush - skin.base)
    rgb *= 1.0 + 0.06 * clouds((width, height), 9, rng)[..., None]
    if skin.end is not None:
        ending = np.clip((np.abs(2.0 * along - 1.0) - 0.84) / 0.1, 0.0, 1.0)
        rgb += ending[..., None] * (skin.end - rgb)
    if skin.speckle is not None:
        spots = np.clip((clouds((width, height), 30, rng) - 0.55) * 3.0, 0.0, 0.5)
        rgb += spots[..., None] * (skin.speckle - rgb)
    return rgb.astype(np.float32)


def _lit(rgb: Pixels, normal: Pixels, light: Floats, skin: Skin, rng: np.random.Generator) -> Pixels:
    """Lambert's law, and Blinn's highlight towards a viewer straight ahead."""
    halfway = light + np.array([0.0, 0.0, 1.0])
    halfway /= np.linalg.norm(halfway)
    facing = np.maximum(normal @ light.astype(np.float32), 0.0)
    if skin.rough:
        facing = facing * (1.0 + skin.rough * clouds((rgb.shape[1], rgb.shape[0]), 34, rng))
    shine = skin.gloss * np.maximum(normal @ halfway.astype(np.float32), 0.0) ** GLOSS_POWER
    lit: Pixels = rgb * (AMBIENT + DIFFUSE * facing)[..., None] + shine[..., None]
    return lit
