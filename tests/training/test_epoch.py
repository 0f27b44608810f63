from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from sweep.config import AugmentConfig, Sampling, TrainConfig
from sweep.data.index import Split
from sweep.models.preprocessing import Preprocessing
from sweep.training.epoch import Epoch

AS_THEY_ARE = AugmentConfig(strength=0.0, flip=0.0)


@pytest.fixture
def numbered(dataset):
    """40 pictures to train, each all of one grey, its number; 30 of the first class, 8 of the second and 2 of the third."""
    pictures = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None, None, None], (40, 36, 36, 3)).copy()
    splits = {split: np.arange(40) for split in Split}
    return dataclasses.replace(dataset, pictures=pictures, labels=np.repeat([0, 1, 2], [30, 8, 2]), splits=splits)


@pytest.fixture
def epoch_of(make_setup):
    def make(dataset, number=1, **parts):
        setup = make_setup(**{"augment": AS_THEY_ARE} | parts)
        levels = Preprocessing(32, (0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255))  # what comes out is 0 to 255
        return Epoch(setup, dataset, levels, setup.machine, number)

    return make


def seen(epoch):
    """The pictures' numbers and their labels, in order."""
    batches = list(epoch)
    numbers = torch.cat([pictures[:, 0, 0, 0] for pictures, _ in batches]).round().long()
    return numbers.tolist(), torch.cat([labels for _, labels in batches])


def test_shuffled_every_picture_comes_once_with_its_own_label(epoch_of, numbered):
    epoch = epoch_of(numbered)
    numbers, labels = seen(epoch)
    assert sorted(numbers) == list(range(40)) != numbers
    assert labels.tolist() == numbered.labels[numbers].tolist()
    assert len(epoch) == 3 == len(list(epoch)), "of 16, 16 and 8"


def test_balanced_every_class_comes_as_often_with_its_own_pictures(epoch_of, numbered):
    numbers, labels = seen(epoch_of(numbered, train=TrainConfig(batch_size=16, sampling=Sampling.balanced)))
    assert labels.tolist() == numbered.labels[numbers].tolist()
    counts = torch.bincount(labels)
    assert counts.sum() == 40
    assert counts.max() - counts.min() <= 1


def test_a_picture_that_comes_twice_has_two_views(epoch_of, numbered):
    numbered.pictures[:, ::2] = 255 - numbered.pictures[:, ::2]
    train = TrainConfig(batch_size=40, sampling=Sampling.balanced)
    ((pictures, labels),) = epoch_of(numbered, train=train, augment=AugmentConfig())
    of_two = pictures[labels == 2]
    assert len(of_two) > 10
    assert len(torch.unique(of_two.flatten(1), dim=0)) == len(of_two)


def test_pictures_are_cropped_and_in_the_machines_memory_format(epoch_of, numbered):
    pictures, _ = next(iter(epoch_of(numbered)))
    assert pictures.shape == (16, 3, 32, 32)
    assert pictures.dtype == torch.float32
    assert pictures.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("mixing", [{"mixup": 1.0}, {"cutmix": 1.0}])
def test_a_mixed_picture_and_its_label_have_the_same_shares_of_two(epoch_of, numbered, mixing):
    numbered.pictures[:] = (numbered.labels * 100).astype(np.uint8)[:, None, None, None]  # what a picture shows is its class
    augment = AugmentConfig(strength=1.0, flip=0.0, rotation_deg=0.0, shift=0.0, zoom=0.0, jitter=0.0, **mixing)
    ((pictures, shares),) = epoch_of(numbered, train=TrainConfig(batch_size=40), augment=augment)
    assert shares.shape == (40, 3)
    assert torch.allclose(shares.sum(dim=1), torch.ones(40))
    assert torch.allclose(pictures.mean(dim=(1, 2, 3)), shares @ torch.tensor([0.0, 100.0, 200.0]), atol=0.01)
    assert ((shares > 0.01).sum(dim=1) == 2).any()


def test_without_strength_nothing_is_mixed(epoch_of, numbered):
    _, labels = seen(epoch_of(numbered, augment=AugmentConfig(strength=0.0, flip=0.0, mixup=0.5, cutmix=0.5)))
    assert labels.dtype == torch.int64


def test_it_hangs_on_the_epochs_number_and_on_nothing_before_it(epoch_of, numbered):
    parts = {"augment": AugmentConfig(mixup=0.5, cutmix=0.5), "train": TrainConfig(batch_size=16, sampling=Sampling.balanced)}
    first, again, second = (list(epoch_of(numbered, number, **parts)) for number in (1, 1, 2))
    for (pictures, labels), (same_pictures, same_labels) in zip(first, again, strict=True):
        assert torch.equal(pictures, same_pictures) and torch.equal(labels, same_labels)
    assert not torch.equal(first[0][0], second[0][0])


def test_every_epoch_mixes_in_ways_of_its_own(epoch_of, numbered):
    each_its_own = dataclasses.replace(numbered, labels=np.arange(40), classes=tuple(map(str, range(40))))
    mixup = AugmentConfig(mixup=1.0)
    shares = [seen(epoch_of(each_its_own, number, augment=mixup))[1].max(dim=1).values.sort().values for number in (1, 1, 2)]
    assert torch.equal(shares[0], shares[1])
    assert not torch.allclose(shares[0], shares[2])
