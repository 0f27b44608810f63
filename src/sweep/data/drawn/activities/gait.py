"""Walking and running: one stride seen at any moment, longer, higher and with bent arms in a run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sweep.data.drawn.activities.pose import STANDING_M, Pose, grounded
from sweep.data.drawn.activities.skeleton import SIDES, Skeleton, hold_trunk, point, swing_arm, swing_leg
from sweep.data.drawn.palette import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Gait:
    """Angles in degrees."""

    lean: Range
    stride: Range
    """Of the thigh, either way from `ahead`."""
    ahead: Range
    """Of the thigh, in the middle of a stride."""
    knee: Range
    """Bend of the knee at most, while the leg swings forward."""
    arm: Range
    """Of the upper arm, either way."""
    elbow: Range
    lift_m: Range
    """Highest point of a stride above the ground."""


WALK = Gait(
    lean=Range(-2, 8),
    stride=Range(14, 27),
    ahead=Range(2, 7),
    knee=Range(35, 60),
    arm=Range(8, 30),
    elbow=Range(5, 35),
    lift_m=Range(0.0, 0.0),
)
RUN = Gait(
    lean=Range(4, 20),
    stride=Range(30, 48),
    ahead=Range(10, 22),
    knee=Range(75, 115),
    arm=Range(25, 48),
    elbow=Range(65, 110),
    lift_m=Range(0.02, 0.14),
)


def walking(rng: np.random.Generator) -> Pose:
    """A stride with one foot always on the ground."""
    return _striding(WALK, rng)


def running(rng: np.random.Generator) -> Pose:
    """A stride with high knees, heels and elbows, mostly in the air."""
    return _striding(RUN, rng)


def _striding(gait: Gait, rng: np.random.Generator) -> Pose:
    phase = rng.uniform(0, 2 * math.pi)
    stride, ahead, knee = gait.stride.draw(rng), gait.ahead.draw(rng), gait.knee.draw(rng)
    swing, elbow = gait.arm.draw(rng), gait.elbow.draw(rng)
    trunk = hold_trunk(
        point(0.0, STANDING_M),
        lean=gait.lean.draw(rng),
        sway=rng.uniform(-3, 3),
        twist=-0.3 * swing * math.cos(phase),
        nod=rng.uniform(-8, 12),
        turn=rng.uniform(-20, 20),
    )
    arms, legs = [], []
    for number, side in enumerate(SIDES):
        turn = phase + math.pi * number
        thigh = ahead + stride * math.cos(turn)
        # The knee is most bent early in the swing: some 60 degrees before the thigh passes its middle on the way ahead.
        bend = 6.0 + knee * max(0.0, math.cos(turn - math.radians(240))) ** 1.5
        foot = 95.0 + thigh - bend - 30.0 * max(0.0, math.cos(turn - math.radians(200)))
        legs.append(swing_leg(trunk.hips[number], side, (thigh, rng.uniform(0, 4)), (thigh - bend, 0.0), foot))
        upper = -swing * math.cos(turn) + rng.uniform(-5, 5)
        bent = elbow + 0.3 * swing * -math.cos(turn)
        arms.append(swing_arm(trunk.shoulders[number], side, (upper, rng.uniform(5, 16)), (upper + bent, rng.uniform(-20, 8))))
    skeleton = Skeleton(trunk=trunk, arms=(arms[0], arms[1]), legs=(legs[0], legs[1]))
    return Pose(skeleton=grounded(skeleton, gait.lift_m.draw(rng) * abs(math.sin(phase))), things=[])
