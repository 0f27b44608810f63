"""Stems: gently bowed lines, and which way they lead."""

from __future__ import annotations

import math

import numpy as np

from sweep.data.drawn.palette import Floats

GOLDEN_ANGLE_DEG = 137.508  # between one leaf or floret and the next around a stem, which keeps them evenly apart


def point(x: float, y: float, z: float = 0.0) -> Floats:
    """(3,)"""
    return np.array([x, y, z])


def bowed(start: Floats, end: Floats, sag: float, count: int = 9) -> Floats:
    """(count, 3): a stem from start to end that bows sideways by `sag` of its length."""
    share = np.linspace(0.0, 1.0, count)[:, None]
    along = end - start
    aside = np.array([-along[1], along[0], 0.3 * np.hypot(along[0], along[1])])
    return start + along * share + aside * sag * np.sin(np.pi * share)


def heading_deg(along: Floats) -> float:
    """The angle of a direction (3,) in the picture's plane, anticlockwise from the right."""
    return math.degrees(math.atan2(along[1], along[0]))
