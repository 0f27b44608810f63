"""What can be drawn: every kind with its classes, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from sweep.data.drawn.activities import scene as activity_scene
from sweep.data.drawn.activities.activity import ALL_ACTIVITIES
from sweep.data.drawn.plants import scene as plant_scene
from sweep.data.drawn.plants.species import ALL_SPECIES, species_named
from sweep.data.drawn.prototype import scene as fruit_scene
from sweep.data.drawn.prototype.fruit import ALL_FRUIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A collection of drawn pictures."""

    name: str
    version: int
    """Part of the folder's name: another version draws other pictures."""
    classes: tuple[str, ...]
    """No two kinds share one: a picture's random stream is named for its class."""
    per_class: int
    photograph: Callable[[str, np.random.Generator], Image.Image]
    """One RGB picture of a class."""

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return f"{self.name}-v{self.version}"


def _plant(species: str, rng: np.random.Generator) -> Image.Image:
    return plant_scene.photograph(species_named(species), rng)


def _activity(activity: str, rng: np.random.Generator) -> Image.Image:
    return activity_scene.photograph(ALL_ACTIVITIES[activity](rng), rng)


def _fruit(fruit: str, rng: np.random.Generator) -> Image.Image:
    return fruit_scene.photograph(ALL_FRUIT[fruit], rng)


_PLANTS = Kind(name="plants", version=1, classes=tuple(species.name for species in ALL_SPECIES), per_class=75, photograph=_plant)
_ACTIVITIES = Kind(name="activities", version=2, classes=tuple(ALL_ACTIVITIES), per_class=300, photograph=_activity)
_PROTOTYPE = Kind(name="prototype", version=1, classes=tuple(ALL_FRUIT), per_class=100, photograph=_fruit)

DRAWN_KINDS: dict[str, Kind] = {kind.name: kind for kind in (_PLANTS, _ACTIVITIES, _PROTOTYPE)}
"""By the names that `data.drawn` may be."""
