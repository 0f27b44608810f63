"""A person: a skeleton dressed, as solids to paint."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from sweep.data.drawn.activities.skeleton import Limb, Skeleton
from sweep.data.drawn.activities.solid import Solid, chain, hull
from sweep.data.drawn.palette import Floats, Range, Tint, hsv, mix

SKIN = (hsv(25, 0.28, 0.95), hsv(24, 0.42, 0.84), hsv(22, 0.52, 0.66), hsv(20, 0.55, 0.45), hsv(18, 0.55, 0.3))
HAIR = (hsv(25, 0.5, 0.12), hsv(25, 0.6, 0.28), hsv(35, 0.55, 0.65), hsv(18, 0.7, 0.45), hsv(0, 0.0, 0.72))
CLOTH = Tint(Range(0, 360), Range(0.1, 0.85), Range(0.2, 0.95))
DENIM = Tint(Range(210, 235), Range(0.25, 0.6), Range(0.2, 0.6))


class Sleeve(Enum):
    """How much of an arm or a leg is covered."""

    LONG = "long"
    SHORT = "short"


class Hair(Enum):
    SHORT = "short"
    LONG = "long"
    BUN = "bun"
    CAP = "cap"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outfit:
    """What one person looks like."""

    skin: Floats
    hair_rgb: Floats
    hair: Hair
    top: Floats
    bottom: Floats
    shoe: Floats
    sleeve: Sleeve
    trousers: Sleeve
    skirt: bool
    stout: float
    """Thickness relative to the average."""
    head: float
    """Size of the head relative to a grown-up's."""


def draw_outfit(rng: np.random.Generator) -> Outfit:
    """Somebody at random."""
    skin = mix(SKIN[int(rng.integers(len(SKIN)))], SKIN[int(rng.integers(len(SKIN)))], 0.3)
    return Outfit(
        skin=skin,
        hair_rgb=HAIR[int(rng.integers(len(HAIR)))],
        hair=list(Hair)[int(rng.choice(len(Hair), p=(0.4, 0.25, 0.12, 0.15, 0.08)))],
        top=CLOTH.draw(rng),
        bottom=(DENIM if rng.random() < 0.4 else CLOTH).draw(rng) * 0.85,
        shoe=hsv(rng.uniform(0, 360), rng.uniform(0.0, 0.5), rng.choice([0.12, 0.3, 0.9])),
        sleeve=Sleeve.LONG if rng.random() < 0.55 else Sleeve.SHORT,
        trousers=Sleeve.LONG if rng.random() < 0.75 else Sleeve.SHORT,
        skirt=bool(rng.random() < 0.15),
        stout=rng.uniform(0.88, 1.3),
        head=rng.uniform(0.98, 1.22),
    )


def dressed(skeleton: Skeleton, outfit: Outfit) -> list[Solid]:
    """The person as solids."""
    solids = [*_torso(skeleton, outfit), *_head(skeleton, outfit)]
    arm, leg = 0.05 * outfit.stout, 0.08 * outfit.stout
    for limb in skeleton.arms:
        solids += _limb(limb, (arm, 0.86 * arm, 0.68 * arm), outfit.top, outfit.skin, outfit.sleeve)
        palm = limb.tip - 0.2 * (limb.tip - limb.end)
        solids.append(hull(outfit.skin, (limb.end, 0.034), (palm, 0.044), nearer_m=0.005, anchor=_middle(limb)))
    trousers = Sleeve.SHORT if outfit.skirt else outfit.trousers
    for limb in skeleton.legs:
        solids += _limb(limb, (leg, 0.76 * leg, 0.54 * leg), outfit.bottom, outfit.skin, trousers)
        heel = limb.end - 0.25 * (limb.tip - limb.end)
        sole = [(heel, 0.042), (limb.end, 0.044), (limb.tip, 0.034)]
        solids.append(hull(outfit.shoe, *sole, nearer_m=0.005, anchor=_middle(limb)))
    return solids


def _torso(skeleton: Skeleton, outfit: Outfit) -> list[Solid]:
    trunk, stout = skeleton.trunk, outfit.stout
    shoulders = [(shoulder, 0.06 * stout) for shoulder in trunk.shoulders]
    chest, waist = trunk.neck - 0.17 * trunk.up, trunk.pelvis + 0.16 * trunk.up
    below = [(0.7 * hip + 0.3 * trunk.pelvis + 0.02 * trunk.up, 0.085 * stout) for hip in trunk.hips]
    shirt = hull(outfit.top, *shoulders, (chest, 0.12 * stout), (waist, 0.115 * stout), *below)
    seat = [(hip - 0.02 * trunk.up, 0.092 * stout) for hip in trunk.hips]
    solids = [hull(outfit.bottom, *seat, nearer_m=-0.02), shirt, hull(outfit.skin, (trunk.neck, 0.055), (trunk.head, 0.05))]
    if outfit.skirt:
        hem = [(limb.root + 0.75 * (limb.joint - limb.root), 0.11 * stout) for limb in skeleton.legs]
        solids.append(hull(outfit.bottom, *seat, *hem, nearer_m=0.04))
    return solids


def _limb(limb: Limb, radii: tuple[float, float, float], cloth: Floats, skin: Floats, sleeve: Sleeve) -> list[Solid]:
    """Bare, covered, or both: a short sleeve ends on the upper bone."""
    balls = list(zip((limb.root, limb.joint, limb.end), radii, strict=True))
    if sleeve is Sleeve.LONG:
        return [chain(cloth, *balls, anchor=_middle(limb))]
    bare = chain(skin, *((centre, 0.92 * radius) for centre, radius in balls), anchor=_middle(limb))
    hem = (limb.root + 0.6 * (limb.joint - limb.root), 0.4 * radii[0] + 0.6 * radii[1] + 0.006)
    return [bare, hull(cloth, balls[0], hem, nearer_m=0.004, anchor=_middle(limb))]


def _middle(limb: Limb) -> Floats:
    middle: Floats = (limb.root + limb.joint + limb.end) / 3.0
    return middle


def _head(skeleton: Skeleton, outfit: Outfit) -> list[Solid]:
    trunk, size = skeleton.trunk, outfit.head
    crown = trunk.head - trunk.neck
    crown = crown / np.linalg.norm(crown)
    crown -= (crown @ trunk.gaze) * trunk.gaze
    right = np.cross(trunk.gaze, crown)
    centre = trunk.head + 0.02 * size * crown
    chin = centre + size * (0.03 * trunk.gaze - 0.075 * crown)
    solids = [hull(outfit.skin, (centre, 0.1 * size), (chin, 0.062 * size), nearer_m=0.03)]
    solids.append(hull(outfit.skin * 0.9, (centre + size * (0.115 * trunk.gaze - 0.015 * crown), 0.018 * size), nearer_m=0.03))
    for side in (1.0, -1.0):
        eye = centre + size * (0.1 * trunk.gaze + side * 0.038 * right + 0.012 * crown)
        solids.append(hull(outfit.skin * 0.15, (eye, 0.011 * size), nearer_m=0.03))
    return solids + _hair(centre, crown, trunk.gaze, outfit)


def _hair(centre: Floats, crown: Floats, gaze: Floats, outfit: Outfit) -> list[Solid]:
    size, rgb = outfit.head, outfit.hair_rgb
    back, top = centre - 0.04 * size * gaze, centre + 0.045 * size * crown - 0.012 * size * gaze
    if outfit.hair is Hair.NONE:
        return []
    if outfit.hair is Hair.CAP:
        peak = top + size * (0.15 * gaze + 0.01 * crown)
        dome = hull(outfit.top * 0.7, (top, 0.092 * size), (back + 0.03 * size * crown, 0.09 * size), nearer_m=0.06)
        return [dome, hull(outfit.top * 0.55, (peak, 0.02), (top + 0.07 * size * gaze, 0.05 * size), nearer_m=0.06)]
    solids = [hull(rgb, (top, 0.088 * size), (back, 0.092 * size), nearer_m=0.045)]
    if outfit.hair is Hair.LONG:
        ends = centre - size * (0.07 * gaze + 0.2 * crown)
        solids.append(hull(rgb, (back, 0.095 * size), (ends, 0.075 * size), nearer_m=0.02))
    if outfit.hair is Hair.BUN:
        solids.append(hull(rgb, (centre + size * (0.1 * crown - 0.09 * gaze), 0.05 * size), nearer_m=0.04))
    return solids
