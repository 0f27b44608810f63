"""Pictures of a plant: the plant is in it, and light and angle differ."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from sweep.data.drawn.plants.frame import rotation
from sweep.data.drawn.plants.scene import photograph, specimen
from sweep.data.drawn.plants.sketch import Sketch, View
from sweep.data.drawn.plants.species import ALL_SPECIES, Species


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def plain_view(extent_px: float = 150.0) -> View:
    return View(np.eye(3), np.array([0.0, 0.0, 1.0]), (176, 176), (88.0, 88.0), extent_px)


@pytest.mark.parametrize("species", ALL_SPECIES, ids=lambda species: species.name)
def test_every_species_fills_a_good_part_of_the_view(species: Species) -> None:
    plant = specimen(species, generator(3)).paint(plain_view())
    box = plant.getchannel("A").getbbox()
    assert box is not None
    assert max(box[2] - box[0], box[3] - box[1]) > 120
    covered = float((np.asarray(plant)[..., 3] > 0).mean())
    assert 0.02 < covered < 0.7


def test_individuals_of_a_species_differ_in_shape() -> None:
    drawn = [specimen(ALL_SPECIES[0], generator(seed)).paint(plain_view()) for seed in range(4)]
    silhouettes = [np.asarray(plant)[..., 3] > 0 for plant in drawn]
    for one, other in combinations(silhouettes, 2):
        assert (one ^ other).sum() > 0.1 * (one | other).sum()


def test_light_and_exposure_vary_between_pictures() -> None:
    brightness = [np.asarray(photograph(ALL_SPECIES[2], generator(seed))).mean() for seed in range(12)]
    assert np.std(brightness) > 8.0


def test_a_facet_that_looks_into_the_light_is_brighter() -> None:
    square = np.array([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]])
    grey = np.array([0.5, 0.5, 0.5])
    values = []
    for pitch_deg in (0.0, 60.0):
        sketch = Sketch()
        sketch.facet(square @ rotation(0.0, pitch_deg).T, grey)
        values.append(np.asarray(sketch.paint(plain_view()))[88, 88, 0])
    assert values[0] > values[1] > 0


def test_what_is_drawn_later_covers_what_was_there() -> None:
    sketch = Sketch()
    for red in (0.2, 1.0):
        sketch.dot(np.zeros(3), np.array([red, 0.0, 0.0]), 0.5)
    sketch.stroke(np.array([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0]]), np.array([0.0, 1.0, 0.0]), 0.1)
    painted = np.asarray(sketch.paint(plain_view()))
    assert tuple(painted[..., 0].max(axis=(0, 1), keepdims=True).ravel()) == (255,)
    assert 51 not in painted[..., 0]
