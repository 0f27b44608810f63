from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sweep.config import Sampling
from sweep.data.batches import draw_places, gather, training_batches

UNEVEN = np.repeat([0, 1, 3, 4], [50, 7, 29, 4])  # no picture of class 2 fell into the training split


def test_shuffled_sampling_leaves_every_picture_its_place() -> None:
    assert draw_places(UNEVEN, Sampling.shuffled, seed=3).tolist() == list(range(90))


@pytest.mark.parametrize("seed", range(5))
def test_balanced_sampling_gives_classes_equally_many_places_within_one(seed: int) -> None:
    labels = np.random.Generator(np.random.PCG64(seed)).permutation(UNEVEN)
    places = draw_places(labels, Sampling.balanced, seed)
    assert places.shape == (90,) and places.dtype == np.int64
    assert sorted(np.bincount(labels[places]).tolist()) == [0, 22, 22, 23, 23]


def test_balanced_sampling_shows_a_classs_pictures_equally_often_within_one() -> None:
    counts = np.bincount(draw_places(UNEVEN, Sampling.balanced, seed=0), minlength=90)
    for label, least in ((0, 0), (1, 3), (3, 0), (4, 5)):
        of_class = counts[label == UNEVEN]
        assert of_class.min() == least and of_class.max() == least + 1


def test_balanced_sampling_reaches_every_picture_in_a_few_epochs() -> None:
    epochs = [draw_places(UNEVEN, Sampling.balanced, seed) for seed in range(20)]
    counts = np.bincount(np.concatenate(epochs), minlength=90)
    assert counts.min() >= 2
    rare, common = counts[UNEVEN == 4].mean(), counts[UNEVEN == 0].mean()
    assert rare == pytest.approx(20 * 22.5 / 4, abs=4) and common == pytest.approx(20 * 22.5 / 50, abs=0.3)


def test_classes_take_turns_at_the_place_that_is_left_over() -> None:
    epochs = [draw_places(UNEVEN, Sampling.balanced, seed) for seed in range(100)]
    totals = np.bincount(UNEVEN[np.concatenate(epochs)])
    assert (abs(totals[[0, 1, 3, 4]] - 2250) < 25).all()


def test_places_depend_on_the_seed_and_on_nothing_else() -> None:
    first = draw_places(UNEVEN, Sampling.balanced, seed=1)
    np.random.default_rng().random(7)
    torch.rand(7)
    assert np.array_equal(draw_places(UNEVEN, Sampling.balanced, seed=1), first)
    assert not np.array_equal(draw_places(UNEVEN, Sampling.balanced, seed=2), first)


@pytest.mark.parametrize("labels", [np.zeros(6, dtype=np.int64), np.arange(6)])
def test_with_one_class_or_one_picture_of_each_every_picture_comes_once(labels: NDArray[np.int64]) -> None:
    assert sorted(draw_places(labels, Sampling.balanced, seed=0).tolist()) == list(range(6))


@pytest.mark.parametrize(("num_pictures", "sizes"), [(12, [5, 5, 2]), (11, [5, 5]), (10, [5, 5]), (4, [4]), (1, [])])
def test_a_last_batch_of_one_is_left_out(num_pictures, sizes):
    batches = training_batches(num_pictures, 5, seed=0)
    assert [len(batch) for batch in batches] == sizes


def test_every_picture_comes_once_in_an_order_that_depends_on_the_seed():
    first, again, other = (torch.cat(training_batches(100, 8, seed)).tolist() for seed in (1, 1, 2))
    assert sorted(first) == list(range(100))
    assert first == again != other


def test_pictures_are_gathered_channels_first_and_in_order():
    pictures = np.arange(4 * 2 * 2 * 3, dtype=np.uint8).reshape(4, 2, 2, 3)
    batch = gather(pictures, np.array([3, 1]))
    assert batch.shape == (2, 3, 2, 2)
    assert batch.dtype == torch.uint8
    assert batch[0, :, 0, 1].tolist() == pictures[3, 0, 1].tolist()
    assert batch[1, :, 1, 0].tolist() == pictures[1, 1, 0].tolist()
