"""Phoning and waving: both stand with one hand raised."""

from __future__ import annotations

import numpy as np

from sweep.data.drawn.activities.pose import STANDING_M, Pose, facing, grounded, idle_arm, stand
from sweep.data.drawn.activities.skeleton import SIDES, Limb, Skeleton, Trunk, hold_trunk, point, reach_hand, swing_arm
from sweep.data.drawn.activities.things import phone


def phoning(rng: np.random.Generator) -> Pose:
    """A phone held to the ear."""
    hand = int(rng.integers(2))
    trunk = _standing_trunk(rng)
    ahead, right = facing(trunk)
    ear = trunk.head + SIDES[hand] * 0.125 * right
    along = trunk.up - 0.45 * trunk.gaze
    elbow_to = -trunk.up + rng.uniform(-0.2, 0.9) * ahead + SIDES[hand] * rng.uniform(0.1, 1.0) * right
    arm = reach_hand(trunk.shoulders[hand], ear - 0.06 * along + 0.02 * trunk.gaze, elbow_to)
    skeleton = Skeleton(trunk=trunk, arms=_pair(arm, idle_arm(trunk, 1 - hand, rng), hand), legs=stand(trunk, rng))
    settled = grounded(skeleton)
    raised = settled.trunk.head - trunk.head
    return Pose(skeleton=settled, things=[phone(ear + raised - 0.03 * along, along, rng)])


def waving(rng: np.random.Generator) -> Pose:
    """An arm up and away from the body, the open hand beside or above the head."""
    hand = int(rng.integers(2))
    trunk = _standing_trunk(rng)
    upper = (rng.uniform(-15, 30), rng.uniform(105, 155))
    lower = (180.0 - rng.uniform(-25, 25), rng.uniform(-12, 36))
    arm = swing_arm(trunk.shoulders[hand], SIDES[hand], upper, lower)
    skeleton = Skeleton(trunk=trunk, arms=_pair(arm, idle_arm(trunk, 1 - hand, rng), hand), legs=stand(trunk, rng))
    return Pose(skeleton=grounded(skeleton), things=[])


def _standing_trunk(rng: np.random.Generator) -> Trunk:
    return hold_trunk(
        point(0.0, STANDING_M),
        lean=rng.uniform(-5, 9),
        sway=rng.uniform(-5, 5),
        twist=rng.uniform(-20, 20),
        nod=rng.uniform(-8, 18),
        turn=rng.uniform(-35, 35),
    )


def _pair(busy: Limb, idle: Limb, hand: int) -> tuple[Limb, Limb]:
    return (busy, idle) if hand == 0 else (idle, busy)
