"""What a pose is, and what several activities share: standing legs, idle arms, feet on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweep.data.drawn.activities.skeleton import (
    LEG,
    SIDES,
    Limb,
    Skeleton,
    Trunk,
    point,
    reach_hand,
    swing_arm,
    swing_leg,
)
from sweep.data.drawn.activities.solid import Solid
from sweep.data.drawn.palette import Floats
from sweep.data.drawn.spin import spin

SOLE_M = 0.045  # from a joint of the foot down to the ground
STANDING_M = LEG[0] + LEG[1] + SOLE_M  # height of the hips


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Somebody doing something, above the origin, with what the activity needs."""

    skeleton: Skeleton
    things: list[Solid]


def grounded(skeleton: Skeleton, above_m: float = 0.0) -> Skeleton:
    """The same body with its lowest foot on the ground, or so much above."""
    lowest = min(float(joint[1]) for leg in skeleton.legs for joint in (leg.end, leg.tip))
    return skeleton.moved(np.eye(3), point(0.0, SOLE_M + above_m - lowest))


def stand(trunk: Trunk, rng: np.random.Generator) -> tuple[Limb, Limb]:
    """Legs of somebody at rest: one bears the weight, the other is anywhere near."""
    easy = int(rng.integers(2))
    legs = []
    for number, side in enumerate(SIDES):
        out, bend = rng.uniform(1, 9), rng.uniform(0, 22) if number == easy else rng.uniform(0, 5)
        ahead = rng.uniform(-8, 10) + 0.5 * bend
        legs.append(swing_leg(trunk.hips[number], side, (ahead, out), (ahead - bend, 0.7 * out), rng.uniform(82, 92)))
    return legs[0], legs[1]


def idle_arm(trunk: Trunk, number: int, rng: np.random.Generator) -> Limb:
    """An arm with nothing to do: hanging, on the hip, in a pocket, or across the belly."""
    side, shoulder = SIDES[number], trunk.shoulders[number]
    habit = rng.choice(4, p=(0.55, 0.15, 0.15, 0.15))
    if habit == 0:
        forward, out = rng.uniform(-12, 12), rng.uniform(4, 16)
        return swing_arm(shoulder, side, (forward, out), (forward + rng.uniform(5, 30), out - rng.uniform(0, 12)))
    hip, ahead = trunk.hips[number], facing(trunk)[0]
    if habit == 1:
        on_hip = hip + 0.08 * trunk.up + _outwards(trunk, side, 0.07)
        return reach_hand(shoulder, on_hip, _outwards(trunk, side, 1.0) - 0.4 * ahead)
    if habit == 2:
        return reach_hand(shoulder, hip - 0.02 * trunk.up + 0.06 * ahead + _outwards(trunk, side, 0.06), -ahead)
    belly = trunk.pelvis + rng.uniform(0.16, 0.32) * trunk.up + 0.17 * ahead - _outwards(trunk, side, rng.uniform(-0.02, 0.1))
    return reach_hand(shoulder, belly, _outwards(trunk, side, 1.0) - trunk.up)


def tipped(skeleton: Skeleton, forward_deg: float, sideways_deg: float = 0.0) -> Skeleton:
    """The whole body turned about the ground's axes, as one piece."""
    return skeleton.moved(spin(0, sideways_deg) @ spin(2, -forward_deg), np.zeros(3))


def facing(trunk: Trunk) -> tuple[Floats, Floats]:
    """(3,) unit vectors: where the hips face, and to their right."""
    right = (trunk.hips[0] - trunk.hips[1]) / np.linalg.norm(trunk.hips[0] - trunk.hips[1])
    return np.cross(trunk.up, right), right


def _outwards(trunk: Trunk, side: float, distance: float) -> Floats:
    outwards: Floats = side * distance * facing(trunk)[1]
    return outwards
