from __future__ import annotations

import pytest
import torch
from torch import nn

from sweep.training.micro_batch import fewest_pictures, largest_that_fits, parts


def sizes(batch, most, fewest=1):
    pictures, labels = torch.arange(batch).float().view(batch, 1), torch.arange(batch)
    cut = list(parts(pictures, labels, most, fewest))
    assert torch.equal(torch.cat([each for each, _ in cut]), pictures)
    assert torch.equal(torch.cat([each for _, each in cut]), labels)
    return [len(each) for each, _ in cut]


def test_a_batch_that_fits_stays_whole():
    assert sizes(32, None) == sizes(32, 32) == sizes(32, 64) == [32]


def test_a_larger_one_is_cut_evenly_and_no_part_is_too_large():
    assert sizes(32, 16) == [16, 16]
    assert sizes(32, 12) == [11, 11, 10]
    assert sizes(33, 32) == [17, 16]
    assert sizes(3, 1) == [1, 1, 1]


def test_with_batchnorm_no_part_is_a_single_picture():
    assert fewest_pictures(nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))) == 2
    assert fewest_pictures(nn.Sequential(nn.Linear(1, 1), nn.LayerNorm(1))) == 1
    assert sizes(5, 2, fewest=2) == [3, 2]
    assert sizes(4, 1, fewest=2) == [2, 2]
    assert sizes(3, 2, fewest=2) == [3]


def device_with_room_for(capacity, tried):
    def step(num_pictures):
        tried.append(num_pictures)
        if num_pictures > capacity:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    return step


@pytest.mark.parametrize(
    ("capacity", "expected", "attempts"), [(99, None, [64]), (20, 16, [64, 32, 16]), (1, 1, [64, 32, 16, 8, 4, 2])]
)
def test_what_fits_is_found_by_halving(capacity, expected, attempts):
    tried = []
    assert largest_that_fits(device_with_room_for(capacity, tried), 64) == expected
    assert tried == attempts


def test_another_error_than_a_lack_of_memory_is_not_taken_for_one():
    def step(num_pictures):
        raise RuntimeError("no kernel image is available")

    with pytest.raises(RuntimeError, match="no kernel image"):
        largest_that_fits(step, 64)
