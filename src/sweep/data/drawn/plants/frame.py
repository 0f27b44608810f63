"""Frames: where a leaf, a petal or a whole flower sits in space and which way it looks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sweep.data.drawn.palette import Floats


def rotation(heading_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> Floats:
    """(3, 3): roll about x, then lift x towards z by the pitch, then turn about z by the heading."""
    heading, pitch, roll = (math.radians(angle) for angle in (heading_deg, pitch_deg, roll_deg))
    ch, sh, cp, sp, cr, sr = *_cos_sin(heading), *_cos_sin(pitch), *_cos_sin(roll)
    return np.array(
        [
            [ch * cp, -sh * cr - ch * sp * sr, sh * sr - ch * sp * cr],
            [sh * cp, ch * cr - sh * sp * sr, -ch * sr - sh * sp * cr],
            [sp, cp * sr, cp * cr],
        ]
    )


def _cos_sin(angle: float) -> tuple[float, float]:
    return math.cos(angle), math.sin(angle)


@dataclass(frozen=True, slots=True)
class Frame:
    """A place to draw in: x runs from base to tip, y across, z towards whoever looks at the upper side.

    The world's own frame has x to the right, y up and z towards the camera.
    """

    origin: Floats
    basis: Floats
    scale: float = 1.0

    @classmethod
    def flat(cls, origin: Floats, scale: float) -> Frame:
        """In the picture's plane: x to the right, the upper side towards the camera."""
        return cls(origin, np.eye(3), scale)

    def place(self, points: Floats) -> Floats:
        """World coordinates (n, 3) of points (n, 3) given in this frame."""
        return self.origin + (points * self.scale) @ self.basis.T

    def at(self, x: float, y: float = 0.0, z: float = 0.0) -> Frame:
        """The same frame moved to a point given in its own coordinates."""
        return Frame(self.place(np.array([[x, y, z]]))[0], self.basis, self.scale)

    def turned(self, heading_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> Frame:
        """The same place, looking another way."""
        return Frame(self.origin, self.basis @ rotation(heading_deg, pitch_deg, roll_deg), self.scale)
