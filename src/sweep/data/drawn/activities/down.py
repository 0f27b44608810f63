"""Falling and lying: the body far from upright, on its way or at rest."""

from __future__ import annotations

import numpy as np

from sweep.data.drawn.activities.pose import STANDING_M, Pose, tipped
from sweep.data.drawn.activities.skeleton import (
    SIDES,
    Limb,
    Skeleton,
    Trunk,
    hold_trunk,
    point,
    reach_hand,
    swing_arm,
    swing_leg,
)
from sweep.data.drawn.activities.solid import Solid
from sweep.data.drawn.activities.things import bed, mat
from sweep.data.drawn.palette import Floats

FLESH_M = 0.1  # from the joints down to the ground when lying
# (3, 3) rotations of a standing body that lay its head towards x.
BACK = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, -1]])
BELLY = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
SIDE = np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])


def falling(rng: np.random.Generator) -> Pose:
    """Past any balance, arms flung out, feet leaving the ground."""
    trunk = hold_trunk(
        point(0.0, STANDING_M),
        lean=rng.uniform(-12, 28),
        sway=rng.uniform(-14, 14),
        twist=rng.uniform(-25, 25),
        nod=rng.uniform(-25, 15),
        turn=rng.uniform(-25, 25),
    )
    arms, legs = [], []
    for number, side in enumerate(SIDES):
        forward, out = rng.uniform(35, 150), rng.uniform(15, 80)
        lower = (forward + rng.uniform(0, 50), out - rng.uniform(-10, 30))
        arms.append(swing_arm(trunk.shoulders[number], side, (forward, out), lower))
        thigh, bend = rng.uniform(-15, 50), rng.uniform(8, 60)
        legs.append(swing_leg(trunk.hips[number], side, (thigh, rng.uniform(2, 22)), (thigh - bend, rng.uniform(0, 12))))
    upright = Skeleton(trunk=trunk, arms=(arms[0], arms[1]), legs=(legs[0], legs[1]))
    way = rng.uniform(32, 66)
    heading = rng.choice(3, p=(0.45, 0.3, 0.25))
    if heading == 2:
        fallen = tipped(upright, rng.uniform(-10, 10), way * rng.choice([-1.0, 1.0]))
    else:
        fallen = tipped(upright, way if heading == 0 else -way)
    return Pose(skeleton=_laid(fallen, 0.06 + rng.uniform(0.0, 0.16)), things=[])


def lying(rng: np.random.Generator) -> Pose:
    """On the back, the belly or a side, on the ground, a mat or a bed."""
    trunk = hold_trunk(
        point(0.0, 0.0), lean=rng.uniform(-4, 8), sway=rng.uniform(-8, 8), nod=rng.uniform(-4, 12), turn=rng.uniform(-40, 40)
    )
    attitude = (BACK, BELLY, SIDE)[int(rng.choice(3, p=(0.5, 0.2, 0.3)))]
    drawn_up = rng.uniform(5, 70) if attitude is SIDE or (attitude is BACK and rng.random() < 0.4) else 0.0
    arms, legs = [], []
    for number, side in enumerate(SIDES):
        thigh = drawn_up * rng.uniform(0.6, 1.0)
        shin = -rng.uniform(0, 20) if attitude is BELLY else -0.7 * thigh
        foot_deg = 10.0 if attitude is BELLY else 60.0
        legs.append(swing_leg(trunk.hips[number], side, (thigh, rng.uniform(1, 10)), (shin, 0.0), foot_deg))
        arms.append(_resting_arm(trunk, number, attitude, rng))
    straight = Skeleton(trunk=trunk, arms=(arms[0], arms[1]), legs=(legs[0], legs[1]))
    under = rng.random()
    height, things = 0.0, list[Solid]()
    if under < 0.25:
        height, things = 0.03, mat(rng)
    elif under < 0.5:
        height = rng.uniform(0.35, 0.5)
        things = bed(height, rng)
    return Pose(skeleton=_laid(straight.moved(attitude, np.zeros(3)), FLESH_M + height), things=things)


def _resting_arm(trunk: Trunk, number: int, attitude: Floats, rng: np.random.Generator) -> Limb:
    """Beside the body, on the belly, or thrown out; before the body of who lies on a side."""
    side, shoulder, habit = SIDES[number], trunk.shoulders[number], rng.random()
    if attitude is SIDE:
        ahead = rng.uniform(15, 110)
        return swing_arm(shoulder, side, (ahead, -4.0 * side), (ahead + rng.uniform(0, 90), 0.0))
    if habit < 0.45:
        upper = (rng.uniform(-4, 8), rng.uniform(6, 40))
        return swing_arm(shoulder, side, upper, (upper[0] + rng.uniform(0, 8), upper[1]))
    if habit < 0.7 and attitude is BACK:
        belly = trunk.pelvis + rng.uniform(0.1, 0.3) * trunk.up + point(0.14, 0.0, side * 0.03)
        return reach_hand(shoulder, belly, point(0.2, -0.2, side))
    out = rng.uniform(80, 135)
    return swing_arm(shoulder, side, (rng.uniform(0, 8), out), (rng.uniform(0, 8), out + rng.uniform(0, 60)))


def _laid(skeleton: Skeleton, lowest_m: float) -> Skeleton:
    """Above the origin, the lowest joint at the given height."""
    points = skeleton.points()
    middle = (points.min(axis=0) + points.max(axis=0)) / 2.0
    return skeleton.moved(np.eye(3), point(-middle[0], lowest_m - points[:, 1].min(), -middle[2]))
