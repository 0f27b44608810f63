"""Bones keep their lengths whatever a body does, and hands get to where they are sent."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.data.drawn.activities.skeleton import (
    ARM,
    LEG,
    SHOULDER,
    TRUNK,
    Skeleton,
    aim,
    hold_trunk,
    point,
    reach,
    swing_arm,
    swing_leg,
)
from sweep.data.drawn.palette import Floats
from sweep.data.drawn.spin import spin


def length(vector: Floats) -> float:
    return float(np.linalg.norm(vector))


def somebody() -> Skeleton:
    trunk = hold_trunk(point(0.1, 0.9), lean=20, sway=5, twist=-10, nod=12, turn=30)
    arms = [swing_arm(shoulder, side, (30, 10), (70, 5)) for side, shoulder in zip((1.0, -1.0), trunk.shoulders, strict=True)]
    legs = [swing_leg(hip, side, (10, 5), (-20, 0)) for side, hip in zip((1.0, -1.0), trunk.hips, strict=True)]
    return Skeleton(trunk=trunk, arms=(arms[0], arms[1]), legs=(legs[0], legs[1]))


@pytest.mark.parametrize(
    ("angles", "direction"),
    [((0, 0), (0, -1, 0)), ((90, 0), (1, 0, 0)), ((180, 0), (0, 1, 0)), ((0, 90), (0, 0, 1)), ((-90, 0), (-1, 0, 0))],
)
def test_a_limb_points_where_its_angles_say(angles: tuple[float, float], direction: tuple[float, float, float]) -> None:
    assert np.allclose(aim(angles, 1.0), direction)
    assert np.allclose(aim(angles, -1.0), np.array(direction) * (1, 1, -1))


@pytest.mark.parametrize("target", [(0.3, -0.2, 0.1), (0.0, 0.4, 0.0), (-0.2, -0.3, 0.25)])
def test_a_hand_gets_to_a_target_in_reach_and_bends_as_told(target: tuple[float, float, float]) -> None:
    pole = point(0.2, -0.3, 0.9)
    root, joint, end = reach(np.zeros(3), np.array(target), ARM, pole)
    assert np.allclose(end, target)
    assert np.isclose(length(joint - root), ARM[0]) and np.isclose(length(end - joint), ARM[1])
    assert joint @ pole > (end / 2) @ pole


def test_a_target_out_of_reach_is_pointed_at() -> None:
    root, joint, end = reach(np.zeros(3), point(3.0, 0.0), ARM, point(0.0, -1.0))
    assert np.isclose(length(joint - root), ARM[0]) and np.isclose(length(end - joint), ARM[1])
    assert end[0] > 0.98 * sum(ARM) and abs(end[1]) < 1e-6


def test_leaning_forward_moves_the_head_ahead_and_nodding_looks_down() -> None:
    upright, leaning = hold_trunk(np.zeros(3)), hold_trunk(np.zeros(3), lean=40, nod=20)
    assert np.allclose(upright.head[[0, 2]], 0.0) and np.allclose(upright.gaze, (1, 0, 0))
    assert leaning.head[0] > 0.3 and leaning.gaze[1] < -0.8
    assert np.isclose(length(leaning.shoulders[0] - leaning.shoulders[1]), 2 * SHOULDER)


def test_a_moved_body_is_the_same_body_elsewhere() -> None:
    body, basis, shift = somebody(), spin(1, 70) @ spin(2, -80), point(1.0, 2.0, 3.0)
    moved = body.moved(basis, shift)
    assert np.allclose(moved.points(), body.points() @ basis.T + shift)
    assert np.allclose(moved.trunk.gaze, basis @ body.trunk.gaze) and np.isclose(length(moved.trunk.up), 1.0)
    assert np.isclose(length(moved.trunk.neck - moved.trunk.pelvis), TRUNK)
    for leg in moved.legs:
        assert np.isclose(length(leg.joint - leg.root), LEG[0]) and np.isclose(length(leg.end - leg.joint), LEG[1])
