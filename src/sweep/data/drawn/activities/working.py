"""Lifting a box and mopping the floor: both hands on one thing, the back more or less bent."""

from __future__ import annotations

import math

import numpy as np

from sweep.data.drawn.activities.pose import SOLE_M, STANDING_M, Pose, facing
from sweep.data.drawn.activities.skeleton import SIDES, Limb, Skeleton, Trunk, hold_trunk, point, reach_foot, reach_hand
from sweep.data.drawn.activities.things import box, mop
from sweep.data.drawn.palette import Floats


def lifting(rng: np.random.Generator) -> Pose:
    """A box on its way from the ground to the chest: bent knees or a bent back at first, upright in the end."""
    way = rng.uniform(0.0, 1.0)
    size = point(rng.uniform(0.26, 0.4), rng.uniform(0.22, 0.42), rng.uniform(0.3, 0.48))
    knees = rng.uniform(0.15, 1.0)
    squat = knees * (1.0 - way)
    lean = (1.0 - way) * (rng.uniform(62, 78) - 36.0 * knees) + way * rng.uniform(-8, 6)
    hip_height = STANDING_M - 0.03 - 0.36 * squat
    trunk = hold_trunk(
        point(-0.34 * math.sin(math.radians(lean)) - 0.12 * squat, hip_height),
        lean=lean,
        sway=rng.uniform(-4, 4),
        twist=rng.uniform(-8, 8),
        nod=rng.uniform(0, 25) - 0.3 * lean,
        turn=rng.uniform(-15, 15),
    )
    low, high = size[1] / 2 + 0.01, trunk.neck[1] - rng.uniform(0.22, 0.42)
    ahead = max(0.16 + size[0] / 2, trunk.neck[0] * (1 - way) + 0.13 + size[0] / 2)
    in_reach = trunk.shoulders[0][1] - 0.48 + 0.25 * size[1]
    centre = point(ahead, max(low + (high - low) * way**0.8, in_reach))
    arms = []
    for number, side in enumerate(SIDES):
        grip = centre + point(0.0, -0.25 * size[1], side * (size[2] / 2 + 0.02))
        arms.append(reach_hand(trunk.shoulders[number], grip, point(-0.6, -0.4, side * 0.7)))
    legs = _planted(trunk, [(rng.uniform(-0.08, 0.08), rng.uniform(0.1, 0.22)) for _ in SIDES])
    return Pose(skeleton=Skeleton(trunk=trunk, arms=(arms[0], arms[1]), legs=legs), things=box(centre, size, rng))


def mopping(rng: np.random.Generator) -> Pose:
    """A long stick in both hands, its foot on the ground before or beside the body."""
    lean = rng.uniform(6, 42)
    stride = rng.uniform(-0.26, 0.26)
    trunk = hold_trunk(
        point(-0.2 * math.sin(math.radians(lean)), STANDING_M - 0.03 - 0.12 * abs(stride) - rng.uniform(0.0, 0.08)),
        lean=lean,
        sway=rng.uniform(-6, 6),
        twist=rng.uniform(-25, 25),
        nod=rng.uniform(-5, 25),
        turn=rng.uniform(-20, 20),
    )
    foot = point(rng.uniform(0.55, 1.05), 0.02, rng.uniform(-0.5, 0.5))
    ahead, right = facing(trunk)
    upper = int(rng.integers(2))
    passing = trunk.neck - 0.2 * trunk.up + 0.3 * point(1.0, 0.0) + SIDES[upper] * 0.12 * right
    along = (passing - foot) / np.linalg.norm(passing - foot)
    reaches = float(np.linalg.norm(passing - foot))
    grips: list[Floats] = [foot + along * reaches, foot + along * (reaches - rng.uniform(0.3, 0.45))]
    arms = [
        reach_hand(trunk.shoulders[number], grips[0 if number == upper else 1], -trunk.up + side * 0.8 * right - 0.2 * ahead)
        for number, side in enumerate(SIDES)
    ]
    legs = _planted(trunk, [(stride, rng.uniform(0.08, 0.2)), (-stride, rng.uniform(0.08, 0.2))])
    stick = mop(foot, foot + along * (reaches + rng.uniform(0.05, 0.25)), rng)
    return Pose(skeleton=Skeleton(trunk=trunk, arms=(arms[0], arms[1]), legs=legs), things=stick)


def _planted(trunk: Trunk, feet: list[tuple[float, float]]) -> tuple[Limb, Limb]:
    """Both feet on the ground, at the given distances ahead and to either side."""
    legs = []
    for number, (side, (ahead, out)) in enumerate(zip(SIDES, feet, strict=True)):
        legs.append(reach_foot(trunk.hips[number], point(ahead, SOLE_M + 0.03, side * out), side * 0.25))
    return legs[0], legs[1]
