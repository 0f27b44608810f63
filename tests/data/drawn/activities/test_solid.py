"""Solids reach the canvas where the camera sees them, and the near ones cover the far ones."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sweep.data.drawn.activities.skeleton import point
from sweep.data.drawn.activities.solid import Solid, View, chain, hull, outline, paint, paint_shadow

RED, BLUE = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


def view(yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> View:
    return View(yaw_deg=yaw_deg, pitch_deg=pitch_deg, px_per_m=50.0, origin=(50.0, 90.0), light=(0.0, -1.0))


def painted(*solids: Solid, seen_by: View) -> Image.Image:
    picture = Image.new("RGB", (100, 100), "white")
    paint(ImageDraw.Draw(picture), solids, seen_by)
    return picture


def test_an_outline_holds_all_its_circles_and_no_more() -> None:
    corners = np.array(outline(np.array([[0.0, 0.0], [30.0, 0.0]]), np.array([10.0, 5.0])))
    assert np.allclose(corners.min(axis=0), [-10, -10]) and np.allclose(corners.max(axis=0), [35, 10])


@pytest.mark.parametrize(
    ("yaw_deg", "pitch_deg", "at"),
    [(0, 0, (75, 40)), (180, 0, (25, 40)), (-90, 0, (50, 40)), (0, 90, (75, 90)), (-90, 90, (50, 115))],
)
def test_what_faces_x_is_seen_from_its_side_from_before_and_from_above(
    yaw_deg: float, pitch_deg: float, at: tuple[float, float]
) -> None:
    assert np.allclose(view(yaw_deg, pitch_deg).seen(np.array([[0.5, 1.0, 0.0]])), [at])


def test_the_nearer_of_two_covers_the_other_from_either_side() -> None:
    near, far = hull(RED, (point(0, 1, 0.5), 0.2)), hull(BLUE, (point(0, 1, -0.5), 0.2))
    for yaw_deg, channel in ((0.0, 0), (180.0, 2)):
        assert np.argmax(painted(far, near, seen_by=view(yaw_deg)).getpixel((50, 44))) == channel


def test_a_chain_has_no_line_across_its_joint_but_one_around_it() -> None:
    bent = chain(RED, (point(-0.5, 1), 0.1), (point(0, 1), 0.1), (point(0.4, 1.4), 0.1))
    pixels = np.asarray(painted(bent, seen_by=view()), dtype=int)
    inside = pixels[40, 30:50]
    assert (inside[:, 0] == 255).all()
    assert (pixels[..., 0] == 153).any()


def test_a_shadow_lies_on_the_ground_below_and_away_from_the_light() -> None:
    mask = Image.new("L", (100, 100))
    paint_shadow(ImageDraw.Draw(mask), [hull(RED, (point(0, 1), 0.2))], view(pitch_deg=30))
    box = mask.getbbox()
    assert box is not None and box[1] > 80 and box[0] < 50 < box[2]
