from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from sweep.models.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing


def test_it_survives_the_way_through_json():
    preprocessing = Preprocessing(128, IMAGENET_MEAN, IMAGENET_STD)
    assert Preprocessing.from_plain(json.loads(json.dumps(preprocessing.to_plain()))) == preprocessing


def test_it_crops_the_centre_and_normalises_each_channel():
    pictures = torch.zeros(1, 3, 6, 6, dtype=torch.uint8)
    pictures[0, :, 1:5, 1:5] = torch.tensor([0, 127, 255], dtype=torch.uint8)[:, None, None]
    seen = Preprocessing(4, (0.5, 0.5, 0.0), (0.5, 0.25, 2.0))(pictures)
    assert seen.shape == (1, 3, 4, 4)
    assert seen.dtype == torch.float32
    expected = torch.tensor([-1.0, (127 / 255 - 0.5) / 0.25, 0.5])[:, None, None].expand(3, 4, 4)
    assert torch.allclose(seen[0], expected, atol=1e-6)


def test_floats_in_the_same_range_are_treated_alike_and_left_untouched():
    pictures = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    floats = pictures.float()
    preprocessing = Preprocessing(4, IMAGENET_MEAN, IMAGENET_STD)
    assert torch.equal(preprocessing(floats), preprocessing(pictures))
    assert torch.equal(floats, pictures.float())


def test_statistics_of_the_training_split_are_those_of_its_pictures():
    pictures = np.random.default_rng(0).integers(0, 200, (10, 8, 8, 3), dtype=np.uint8)
    indices = np.array([1, 4, 7])
    preprocessing = Preprocessing.from_training_split(pictures, indices, 8)
    scaled = pictures[indices] / 255
    assert preprocessing.mean == pytest.approx(scaled.mean(axis=(0, 1, 2)))
    assert preprocessing.std == pytest.approx(scaled.std(axis=(0, 1, 2)))


def test_pictures_of_one_colour_do_not_divide_by_zero():
    pictures = np.full((2, 4, 4, 3), 9, dtype=np.uint8)
    preprocessing = Preprocessing.from_training_split(pictures, np.array([0, 1]), 4)
    assert torch.isfinite(preprocessing(torch.from_numpy(pictures).permute(0, 3, 1, 2))).all()
