"""A body as joints in space: x runs where it faces, y up from the ground, z to its right; in metres of a grown-up of 1.75 m."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from sweep.data.drawn.palette import Floats
from sweep.data.drawn.spin import spin

RIGHT, LEFT = 1.0, -1.0
SIDES = (RIGHT, LEFT)

# Segment lengths of an adult as shares of the height (Winter, Biomechanics and Motor Control of Human Movement, table 4.1):
# upper arm 0.186, forearm 0.146, thigh 0.245, shank 0.246; at 1.75 m, rounded.
ARM = (0.32, 0.26)
LEG = (0.43, 0.43)
TRUNK, NECK_TO_HEAD = 0.52, 0.19
SHOULDER, HIP = 0.19, 0.1
HAND, FOOT = 0.1, 0.17

Angles = tuple[float, float]
"""Degrees of a limb's direction: forward from hanging straight down (90 ahead, 180 up), and outwards."""


class Limb(NamedTuple):
    """(3,) points: shoulder, elbow, wrist, fingertips; or hip, knee, ankle, toes."""

    root: Floats
    joint: Floats
    end: Floats
    tip: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """What limbs hang on; right comes before left."""

    pelvis: Floats
    neck: Floats
    head: Floats
    gaze: Floats
    """(3,) unit vector, where the face looks."""
    up: Floats
    """(3,) unit vector from pelvis to neck."""
    shoulders: tuple[Floats, Floats]
    hips: tuple[Floats, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """A trunk with its limbs; right comes before left."""

    trunk: Trunk
    arms: tuple[Limb, Limb]
    legs: tuple[Limb, Limb]

    def moved(self, basis: Floats, shift: Floats) -> Skeleton:
        """The same body turned by a (3, 3) rotation about the origin, then shifted."""

        def turned(part: Any, direction: bool = False) -> Any:
            if isinstance(part, Limb):
                return Limb(*(turned(point) for point in part))
            if isinstance(part, tuple):
                return tuple(turned(point) for point in part)
            return basis @ part if direction else basis @ part + shift

        trunk = {field.name: turned(getattr(self.trunk, field.name), field.name in ("gaze", "up")) for field in fields(Trunk)}
        return Skeleton(trunk=Trunk(**trunk), arms=turned(self.arms), legs=turned(self.legs))

    def points(self) -> Floats:
        """(n, 3): all joints."""
        trunk = self.trunk
        return np.stack([trunk.pelvis, trunk.neck, trunk.head, *(point for limb in self.arms + self.legs for point in limb)])


def point(x: float, y: float, z: float = 0.0) -> Floats:
    """(3,)."""
    return np.array([x, y, z])


def hold_trunk(
    pelvis: Floats, lean: float = 0.0, sway: float = 0.0, twist: float = 0.0, nod: float = 0.0, turn: float = 0.0
) -> Trunk:
    """A trunk above its pelvis, all angles in degrees.

    It leans forward, sways to the right, twists its shoulders to the left; the head nods down and turns to the left.
    """
    basis = spin(2, -lean) @ spin(0, sway)
    up, chest = basis[:, 1], basis @ spin(1, twist)
    face = chest @ spin(1, turn) @ spin(2, -nod)
    neck = pelvis + TRUNK * up
    shoulder = neck - 0.06 * up
    return Trunk(
        pelvis=pelvis,
        neck=neck,
        head=neck + NECK_TO_HEAD * (0.6 * up + 0.4 * face[:, 1]),
        gaze=face[:, 0],
        up=up,
        shoulders=(shoulder + SHOULDER * chest[:, 2], shoulder - SHOULDER * chest[:, 2]),
        hips=(pelvis + HIP * basis[:, 2], pelvis - HIP * basis[:, 2]),
    )


def aim(angles: Angles, side: float) -> Floats:
    """(3,) unit vector of a limb's direction."""
    forward, out = math.radians(angles[0]), math.radians(angles[1])
    return point(math.sin(forward) * math.cos(out), -math.cos(forward) * math.cos(out), side * math.sin(out))


def swing_arm(shoulder: Floats, side: float, upper: Angles, lower: Angles) -> Limb:
    """An arm whose two bones point where they are told."""
    elbow = shoulder + ARM[0] * aim(upper, side)
    wrist = elbow + ARM[1] * aim(lower, side)
    return Limb(shoulder, elbow, wrist, wrist + HAND * aim(lower, side))


def swing_leg(hip: Floats, side: float, thigh: Angles, shin: Angles, foot_deg: float | None = None) -> Limb:
    """A leg likewise; the foot is square to the shin unless its own forward angle is given."""
    knee = hip + LEG[0] * aim(thigh, side)
    ankle = knee + LEG[1] * aim(shin, side)
    toes = aim((shin[0] + 85.0 if foot_deg is None else foot_deg, 8.0), side)
    return Limb(hip, knee, ankle, ankle + FOOT * toes)


def reach(root: Floats, target: Floats, lengths: tuple[float, float], pole: Floats) -> tuple[Floats, Floats, Floats]:
    """Root, joint and end of two bones that reach for a target, or as far as they go; the joint bends towards `pole`.

    The law of cosines gives the joint's place along the line from root to target, and its distance from that line.
    """
    first, second = lengths
    way = target - root
    distance = float(np.clip(np.linalg.norm(way), abs(first - second) + 0.02, first + second - 0.005))
    along = way / (np.linalg.norm(way) + 1e-9)
    share = (first**2 + distance**2 - second**2) / (2.0 * distance)
    aside = pole - (pole @ along) * along
    aside /= np.linalg.norm(aside) + 1e-9
    joint = root + share * along + math.sqrt(max(first**2 - share**2, 0.0)) * aside
    return root, joint, root + distance * along


def reach_hand(shoulder: Floats, target: Floats, pole: Floats) -> Limb:
    """An arm whose palm is at the target; the elbow bends towards `pole`."""
    _, elbow, palm = reach(shoulder, target, (ARM[0], ARM[1] + 0.04), pole)
    forearm = (palm - elbow) / (np.linalg.norm(palm - elbow) + 1e-9)
    return Limb(shoulder, elbow, palm - 0.04 * forearm, palm + 0.05 * forearm)


def reach_foot(hip: Floats, ankle: Floats, toes_out: float) -> Limb:
    """A leg whose ankle is at the target, the foot flat on the ground, the knee ahead."""
    knee_to = point(1.0, 0.0, 0.6 * toes_out)
    root, knee, end = reach(hip, ankle, LEG, knee_to)
    toes = point(math.cos(toes_out), -0.25, math.sin(toes_out))
    return Limb(root, knee, end, end + FOOT * toes)
