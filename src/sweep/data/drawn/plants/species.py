"""The twenty species. They come in pairs that a hurried eye confuses: the same habit and colours, another margin or count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sweep.data.drawn.palette import Range, Tint
from sweep.data.drawn.plants.bells import Bells
from sweep.data.drawn.plants.blade import Venation
from sweep.data.drawn.plants.flower import Flowering, Head
from sweep.data.drawn.plants.foliage import Habit, Leaves
from sweep.data.drawn.plants.needles import Needles
from sweep.data.drawn.plants.open_flower import OpenFlower
from sweep.data.drawn.plants.outline import Margin, PalmateOutline, SimpleOutline
from sweep.data.drawn.plants.sketch import Sketch
from sweep.data.drawn.plants.spike import Spike
from sweep.data.drawn.plants.umbel import Umbel


class Plant(Protocol):
    """What can draw individuals of itself."""

    def lay(self, sketch: Sketch, rng: np.random.Generator) -> None:
        """Draw one individual, upright and about two units tall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Species:
    """A name, and what all individuals of it share: ranges to draw their numbers from."""

    name: str
    plant: Plant


GREEN = Tint(Range(80, 118), Range(0.42, 0.7), Range(0.4, 0.65))
YELLOW_GREEN = Tint(Range(66, 98), Range(0.45, 0.75), Range(0.45, 0.72))
BLUE_GREEN = Tint(Range(108, 138), Range(0.25, 0.45), Range(0.38, 0.62))
SAGE_GREEN = Tint(Range(70, 120), Range(0.08, 0.24), Range(0.5, 0.74))
MINT_GREEN = Tint(Range(108, 136), Range(0.25, 0.45), Range(0.5, 0.74))
DARK_GREEN = Tint(Range(95, 140), Range(0.35, 0.65), Range(0.25, 0.45))
EARLY_AUTUMN = Tint(Range(34, 68), Range(0.5, 0.8), Range(0.45, 0.75))
LATE_AUTUMN = Tint(Range(-14, 40), Range(0.5, 0.8), Range(0.4, 0.7))
ROSE = Tint(Range(315, 352), Range(0.3, 0.65), Range(0.75, 0.95))
LILAC = Tint(Range(280, 328), Range(0.2, 0.5), Range(0.75, 0.95))
WHITE = Tint(Range(40, 60), Range(0.02, 0.16), Range(0.88, 0.98))
PRIMROSE = Tint(Range(44, 60), Range(0.1, 0.55), Range(0.88, 0.98))
MAUVE = Tint(Range(280, 335), Range(0.08, 0.32), Range(0.78, 0.95))
BLUE = Tint(Range(222, 264), Range(0.35, 0.62), Range(0.65, 0.95))
PURPLE = Tint(Range(254, 298), Range(0.35, 0.62), Range(0.6, 0.9))
YOLK = Tint(Range(38, 56), Range(0.7, 0.95), Range(0.75, 0.95))
BROWN = Tint(Range(18, 42), Range(0.6, 0.9), Range(0.3, 0.55))

STEM_LEAF = SimpleOutline(width=Range(0.22, 0.4), belly=Range(0.35, 0.5))
STEM_LEAVES = Leaves(outline=STEM_LEAF, habits=(Habit.ALTERNATE,), tint=GREEN, venation=Venation.MIDRIB)


def _flowering(name: str, head: Head) -> Species:
    return Species(name=name, plant=Flowering(head=head, leaves=STEM_LEAVES))


def _willow(name: str, margin: Margin, tint: Tint) -> Species:
    outline = SimpleOutline(
        width=Range(0.17, 0.3),
        belly=Range(0.35, 0.5),
        point=Range(1.5, 2.0),
        margin=margin,
        teeth=Range(9, 13),
        depth=Range(0.035, 0.055),
    )
    leaves = Leaves(outline=outline, habits=(Habit.SINGLE, Habit.ALTERNATE), tint=tint, count=Range(6, 9), veins=Range(7, 10))
    return Species(name=name, plant=leaves)


def _mint(name: str, heart: Range, belly: Range, tint: Tint) -> Species:
    outline = SimpleOutline(
        width=Range(0.65, 0.85),
        belly=belly,
        point=Range(1.0, 1.35),
        heart=heart,
        margin=Margin.CRENATE,
        teeth=Range(7, 11),
        depth=Range(0.03, 0.05),
    )
    return Species(name=name, plant=Leaves(outline=outline, habits=(Habit.SINGLE, Habit.OPPOSITE), tint=tint, count=Range(3, 4)))


def _maple(name: str, fingers: int, sinus: Range, tint: Tint) -> Species:
    leaves = Leaves(
        outline=PalmateOutline(fingers=fingers, sinus=sinus),
        habits=(Habit.SINGLE, Habit.ALTERNATE),
        tint=tint,
        count=Range(3, 4),
        stalk=Range(0.3, 0.6),
    )
    return Species(name=name, plant=leaves)


def _feather(name: str, width: Range, pairs: Range, margin: Margin, tint: Tint) -> Species:
    outline = SimpleOutline(
        width=width, belly=Range(0.38, 0.5), point=Range(1.2, 1.7), margin=margin, teeth=Range(6, 8), depth=Range(0.02, 0.04)
    )
    return Species(
        name=name, plant=Leaves(outline=outline, habits=(Habit.FEATHER,), tint=tint, count=pairs, venation=Venation.MIDRIB)
    )


def _conifer(name: str, length: Range, stations: Range, bundle: Range, fan_deg: Range, tint: Tint) -> Species:
    return Species(name=name, plant=Needles(tint=tint, length=length, stations=stations, bundle=bundle, fan_deg=fan_deg))


def _pink(name: str, notch: Range, eye: Range, tint: Tint) -> Species:
    petal = SimpleOutline(width=Range(0.6, 0.85), belly=Range(0.62, 0.72), point=Range(0.9, 1.2), notch=notch)
    head = OpenFlower(
        petals=Range(5, 5),
        petal=petal,
        tint=tint,
        eye_tint=WHITE,
        disc_tint=YOLK,
        eye=eye,
        veins=Range(0.7, 1.0),
        heads=Range(1, 3),
    )
    return _flowering(name, head)


def _daisy(name: str, petals: Range, lift_deg: Range, dome: Range, colours: tuple[Tint, Tint]) -> Species:
    petal = SimpleOutline(width=Range(0.18, 0.3), belly=Range(0.55, 0.7), point=Range(0.9, 1.2))
    tint, disc_tint = colours
    head = OpenFlower(
        petals=petals,
        petal=petal,
        tint=tint,
        eye_tint=tint,
        disc_tint=disc_tint,
        disc=Range(0.26, 0.38),
        disc_florets=55,
        dome=dome,
        lift_deg=lift_deg,
    )
    return _flowering(name, head)


def _bell(name: str, hang_deg: Range, flare: Range, width: Range, tint: Tint) -> Species:
    petal = SimpleOutline(width=width, belly=Range(0.45, 0.55), point=Range(1.0, 1.3))
    head = Bells(petals=6, petal=petal, tint=tint, bells=Range(2, 5), hang_deg=hang_deg, flare=flare, girth_deg=Range(18, 28))
    return _flowering(name, head)


def _spike(name: str, florets: Range, size: Range, girth: Range, tint: Tint) -> Species:
    head = Spike(
        florets=florets,
        lobes=Range(4, 5),
        inner=Range(0.35, 0.6),
        size=size,
        girth=girth,
        bare=Range(0.3, 0.5),
        tint=tint,
        centre_tint=WHITE,
    )
    return _flowering(name, head)


PARSLEY_UMBEL = Umbel(rays=Range(10, 16), florets=Range(8, 13), cluster=Range(0.16, 0.24), span_deg=Range(50, 72), tint=WHITE)
LEEK_UMBEL = Umbel(rays=Range(22, 34), florets=Range(3, 6), cluster=Range(0.08, 0.14), span_deg=Range(100, 145), tint=MAUVE)

ALL_SPECIES: tuple[Species, ...] = (
    _willow("smooth_willow_sage", Margin.ENTIRE, SAGE_GREEN),
    _willow("saw_willow_sage", Margin.SERRATE, YELLOW_GREEN),
    _mint("round_leaf_mint", Range(0.0, 0.04), Range(0.4, 0.5), MINT_GREEN),
    _mint("heart_leaf_balm", Range(0.18, 0.27), Range(0.3, 0.36), YELLOW_GREEN),
    _maple("broad_finger_maple", 5, Range(0.5, 0.62), EARLY_AUTUMN),
    _maple("cut_finger_maple", 7, Range(0.28, 0.42), LATE_AUTUMN),
    _feather("saw_feather_ash", Range(0.4, 0.52), Range(4, 6), Margin.SERRATE, GREEN),
    _feather("fine_feather_vetch", Range(0.2, 0.3), Range(8, 12), Margin.ENTIRE, DARK_GREEN),
    _conifer("comb_fir", Range(0.18, 0.26), Range(28, 36), Range(4, 5), Range(60, 75), BLUE_GREEN),
    _conifer("brush_pine", Range(0.45, 0.65), Range(9, 14), Range(6, 9), Range(28, 45), YELLOW_GREEN),
    _pink("notched_rock_pink", Range(0.2, 0.3), Range(0.26, 0.4), ROSE),
    _pink("round_wood_pink", Range(0.0, 0.03), Range(0.15, 0.28), LILAC),
    _daisy("meadow_moon_daisy", Range(15, 22), Range(0, 20), Range(0.1, 0.3), (WHITE, YOLK)),
    _daisy("hanging_cone_daisy", Range(9, 14), Range(-40, -18), Range(0.5, 1.0), (PRIMROSE, BROWN)),
    _flowering("plate_umbel_parsley", PARSLEY_UMBEL),
    _flowering("globe_umbel_leek", LEEK_UMBEL),
    _bell("nodding_brook_bell", Range(130, 165), Range(0.3, 0.5), Range(0.4, 0.5), BLUE),
    _bell("upright_cup_bell", Range(20, 60), Range(0.1, 0.3), Range(0.48, 0.6), PURPLE),
    _spike("dense_spike_lavender", Range(65, 90), Range(0.08, 0.11), Range(0.09, 0.135), PURPLE),
    _spike("loose_spike_speedwell", Range(22, 34), Range(0.135, 0.17), Range(0.125, 0.18), BLUE),
)


def species_named(name: str) -> Species:
    """Raises KeyError for a name that is not drawn."""
    return {species.name: species for species in ALL_SPECIES}[name]
