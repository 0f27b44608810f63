"""Turning points in space."""

from __future__ import annotations

import math

import numpy as np

from sweep.data.drawn.palette import Floats


def spin(axis: int, angle_deg: float) -> Floats:
    """(3, 3) rotation about axis 0, 1 or 2, counterclockwise as seen from its tip."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    basis = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    basis[first, first] = basis[second, second] = c
    basis[first, second], basis[second, first] = -s, s
    return basis
