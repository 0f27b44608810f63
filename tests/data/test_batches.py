from __future__ import annotations

import numpy as np
import pytest
import torch

from sweep.data.batches import gather, training_batches


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
