"""Sitting and reading: the same seats, with idle hands or with a book."""

from __future__ import annotations

import math

import numpy as np

from sweep.data.drawn.activities.pose import SOLE_M, Pose, facing
from sweep.data.drawn.activities.skeleton import (
    LEG,
    SIDES,
    Limb,
    Skeleton,
    Trunk,
    hold_trunk,
    point,
    reach_hand,
    swing_leg,
)
from sweep.data.drawn.activities.solid import Solid
from sweep.data.drawn.activities.things import SEATS, book
from sweep.data.drawn.palette import Range

SEAT_M = Range(0.4, 0.5)  # height of a seat
BUTTOCK_M = 0.1  # from the hips down to the seat


def sitting(rng: np.random.Generator) -> Pose:
    """Hands on the thighs, in the lap, at the chin, or beside the body."""
    height = SEAT_M.draw(rng)
    trunk = _seated_trunk(height, rng, nod=rng.uniform(-10, 22))
    skeleton = Skeleton(trunk=trunk, arms=_idle_arms(trunk, rng), legs=_legs(trunk, rng))
    return Pose(skeleton=skeleton, things=_seat(height, rng))


def reading(rng: np.random.Generator) -> Pose:
    """Both hands at an open book or a newspaper, the head bent over it."""
    height = SEAT_M.draw(rng)
    trunk = _seated_trunk(height, rng, nod=rng.uniform(12, 38))
    ahead, right = facing(trunk)
    centre = trunk.neck + rng.uniform(0.3, 0.4) * ahead - rng.uniform(0.12, 0.3) * trunk.up
    arms = []
    for number, side in enumerate(SIDES):
        target = centre - 0.03 * ahead - 0.08 * trunk.up + side * 0.15 * right
        arms.append(reach_hand(trunk.shoulders[number], target, -trunk.up + side * rng.uniform(0.1, 0.6) * right))
    skeleton = Skeleton(trunk=trunk, arms=(arms[0], arms[1]), legs=_legs(trunk, rng))
    return Pose(skeleton=skeleton, things=[*_seat(height, rng), *book(centre, -rng.uniform(15, 50), rng)])


def _seat(height: float, rng: np.random.Generator) -> list[Solid]:
    return SEATS[int(rng.integers(len(SEATS)))](height, rng)


def _seated_trunk(height: float, rng: np.random.Generator, nod: float) -> Trunk:
    return hold_trunk(
        point(0.0, height + BUTTOCK_M),
        lean=rng.uniform(-16, 16),
        sway=rng.uniform(-5, 5),
        twist=rng.uniform(-12, 12),
        nod=nod,
        turn=rng.uniform(-15, 15),
    )


def _idle_arms(trunk: Trunk, rng: np.random.Generator) -> tuple[Limb, Limb]:
    ahead, right = facing(trunk)
    together = rng.random() < 0.35
    lap = trunk.pelvis + rng.uniform(0.18, 0.3) * ahead + 0.11 * trunk.up
    arms = []
    for number, side in enumerate(SIDES):
        habit = rng.random()
        if together:
            target = lap + side * 0.03 * right
        elif habit < 0.6:
            target = trunk.hips[number] + rng.uniform(0.15, 0.38) * ahead + 0.1 * trunk.up + side * 0.04 * right
        elif habit < 0.8:
            target = (
                trunk.hips[number] + side * 0.16 * right + rng.uniform(-0.05, 0.2) * ahead + rng.uniform(0.0, 0.15) * trunk.up
            )
        else:
            target = trunk.head + 0.12 * ahead - 0.12 * trunk.up + side * 0.03 * right
        elbow_to = -trunk.up - 0.5 * ahead + side * rng.uniform(0.1, 0.8) * right
        arms.append(reach_hand(trunk.shoulders[number], target, elbow_to))
    return arms[0], arms[1]


def _legs(trunk: Trunk, rng: np.random.Generator) -> tuple[Limb, Limb]:
    """No foot is in the ground: a leg that would be is stretched or bent at the knee."""
    legs = []
    for number, (side, (thigh, out, shin)) in enumerate(zip(SIDES, _leg_angles(rng), strict=True)):
        leg = swing_leg(trunk.hips[number], side, (thigh, out), (shin, 0.3 * out))
        if min(leg.end[1], leg.tip[1]) < SOLE_M:
            drop = leg.joint[1] - SOLE_M - 0.02
            slant = math.degrees(math.acos(min(max(drop / LEG[1], -1.0), 1.0)))
            leg = swing_leg(trunk.hips[number], side, (thigh, out), (math.copysign(slant, shin), 0.3 * out), 88.0)
        legs.append(leg)
    return legs[0], legs[1]


def _leg_angles(rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Forward angle of the thigh, its outward angle, and forward angle of the shin: side by side, stretched or crossed."""
    shin, out = rng.uniform(-22, 28), rng.uniform(0, 16)
    angles = [(rng.uniform(84, 92), out + rng.uniform(-3, 3), shin + rng.uniform(-12, 12)) for _ in SIDES]
    if rng.random() < 0.25:
        angles[int(rng.integers(2))] = (rng.uniform(98, 106), -rng.uniform(12, 22), rng.uniform(20, 55))
    return angles
