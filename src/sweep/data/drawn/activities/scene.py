"""A camera's picture of somebody doing something: a place, a thing that stands about, the person, what is in the way."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sweep.data.drawn.activities.figure import draw_outfit, dressed
from sweep.data.drawn.activities.place import place
from sweep.data.drawn.activities.pose import Pose
from sweep.data.drawn.activities.skeleton import point
from sweep.data.drawn.activities.solid import Solid, View, paint, paint_shadow
from sweep.data.drawn.activities.things import SEATS, bed, box, mop
from sweep.data.drawn.background import blob
from sweep.data.drawn.camera import Size, developed, picture_size
from sweep.data.drawn.palette import Range, hsv, ink

SUPERSAMPLE = 2
SCALE = Range(0.44, 0.56)
"""Metres of 1/scale fill the picture's shorter side: a grown-up takes 0.77 to 0.98 of it. Lower is harder."""
TURNED = 0.05
"""Share of people seen from anywhere; the others are seen from one side or half turned. Higher is harder."""
THING_ABOUT = 0.2  # share of pictures with a thing that nobody uses
NIGHT = 0.06  # share of pictures in infrared


def photograph(pose: Pose, rng: np.random.Generator) -> Image.Image:
    """One RGB picture, about 176 pixels on its shorter side."""
    size = picture_size(rng)
    canvas = (size[0] * SUPERSAMPLE, size[1] * SUPERSAMPLE)
    ground = rng.uniform(0.3, 0.5) * size[1]
    empty = place(size, ground, rng)
    solids = [*dressed(pose.skeleton, draw_outfit(rng)), *pose.things]
    view = _framed(_view(size, rng), solids, size, ground, rng)
    picture = _with_shadow(empty, solids, view, rng).resize(canvas, Image.Resampling.NEAREST)
    _paint_thing_about(picture, view, ground * SUPERSAMPLE, rng)
    paint(ImageDraw.Draw(picture), solids, view.enlarged(SUPERSAMPLE))
    _occlude(picture, rng)
    picture = developed(picture.reduce(SUPERSAMPLE), rng)
    return _at_night(picture, rng) if rng.random() < NIGHT else picture


def _view(canvas: Size, rng: np.random.Generator) -> View:
    yaw = rng.uniform(0, 360) if rng.random() < TURNED else rng.choice([0, 180]) + rng.uniform(-45, 45)
    around = rng.uniform(0.15, 0.85) * math.pi
    return View(
        yaw_deg=yaw,
        pitch_deg=rng.uniform(5, 26),
        px_per_m=SCALE.draw(rng) * min(canvas),
        origin=(0.0, 0.0),
        light=(math.cos(around), -math.sin(around)),
    )


def _framed(view: View, solids: list[Solid], canvas: Size, ground: float, rng: np.random.Generator) -> View:
    """The camera pointed at the person, roughly, whose place is on the ground."""
    seen = view.seen(np.concatenate([solid.centres for solid in solids]))
    middle, margin = (seen.min(axis=0) + seen.max(axis=0)) / 2.0, min(canvas)
    x = canvas[0] / 2 - middle[0] + rng.uniform(-0.1, 0.1) * margin
    y = canvas[1] / 2 - middle[1] + rng.uniform(-0.06, 0.1) * margin
    return View(view.yaw_deg, view.pitch_deg, view.px_per_m, (x, max(y, ground + 0.1 * canvas[1])), view.light)


def _paint_thing_about(picture: Image.Image, view: View, ground: float, rng: np.random.Generator) -> None:
    """Now and then a seat, a box, a broom or a bed that nobody uses, farther away than the person."""
    if rng.random() < THING_ABOUT:
        spot = (rng.uniform(0.0, 1.0) * picture.width, ground + rng.uniform(0.02, 0.12) * picture.height)
        px_per_m = view.px_per_m * SUPERSAMPLE * rng.uniform(0.6, 0.85)
        about = View(rng.uniform(0, 360), view.pitch_deg, px_per_m, spot, view.light)
        paint(ImageDraw.Draw(picture), _thing_about(rng), about)


def _thing_about(rng: np.random.Generator) -> list[Solid]:
    kind = rng.random()
    if kind < 0.5:
        return SEATS[int(rng.integers(len(SEATS)))](rng.uniform(0.4, 0.5), rng)
    if kind < 0.7:
        size = rng.uniform(0.25, 0.45, 3)
        return box(point(0.0, size[1] / 2), size, rng)
    if kind < 0.85:
        return mop(point(0.0, 0.0), point(rng.uniform(-0.4, 0.4), rng.uniform(1.1, 1.4)), rng)
    return bed(rng.uniform(0.35, 0.5), rng)


def _with_shadow(picture: Image.Image, solids: list[Solid], view: View, rng: np.random.Generator) -> Image.Image:
    mask = Image.new("L", (picture.width // 2, picture.height // 2))
    paint_shadow(ImageDraw.Draw(mask), solids, view.enlarged(0.5))
    strength = rng.uniform(0.15, 0.6)
    mask = mask.filter(ImageFilter.BoxBlur(rng.uniform(1.0, 4.0))).point([round(255 - strength * level) for level in range(256)])
    full = mask.resize(picture.size, Image.Resampling.BILINEAR)
    return ImageChops.multiply(picture, Image.merge("RGB", (full, full, full)))


def _occlude(picture: Image.Image, rng: np.random.Generator) -> None:
    """Sometimes a post, leaves or the edge of a table between the camera and the person."""
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    kind = rng.random()
    if kind < 0.07:
        x, thick = rng.uniform(0.1, 0.9) * width, rng.uniform(0.03, 0.08) * width
        rgb = hsv(rng.uniform(0, 360), rng.uniform(0, 0.4), rng.uniform(0.2, 0.8))
        pen.rectangle((x, 0, x + thick, height), fill=ink(rgb))
        pen.rectangle((x, 0, x + 0.3 * thick, height), fill=ink(rgb * 1.2))
    elif kind < 0.16:
        foot = (rng.choice([0.0, 1.0]) * width, rng.uniform(0.6, 1.0) * height)
        rgb = hsv(rng.uniform(60, 130), rng.uniform(0.3, 0.6), rng.uniform(0.2, 0.5))
        for _ in range(7):
            centre = (foot[0] + rng.normal(0, 0.14) * width, foot[1] + rng.normal(0, 0.14) * height)
            pen.polygon(blob(centre, rng.uniform(0.2, 0.4) * width, rng), fill=ink(rgb * rng.uniform(0.7, 1.3)))
    elif kind < 0.24:
        top = rng.uniform(0.82, 0.95) * height
        rgb = hsv(rng.uniform(15, 40), rng.uniform(0.1, 0.6), rng.uniform(0.25, 0.8))
        left, right = sorted(rng.uniform(-0.3, 1.3, 2))
        pen.rectangle((left * width, top, right * width, height), fill=ink(rgb))


def _at_night(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Infrared: grey, bright in the middle, grainy."""
    grey = np.asarray(picture.convert("L"), dtype=np.float32)
    down, across = np.mgrid[-1 : 1 : grey.shape[0] * 1j, -1 : 1 : grey.shape[1] * 1j]
    lit = grey * (1.1 - 0.35 * (down**2 + across**2)) + rng.standard_normal(grey.shape, dtype=np.float32) * rng.uniform(3, 8)
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8)).convert("RGB")
