from __future__ import annotations

import dataclasses

import pytest
import torch

from sweep.config import AugmentConfig
from sweep.data.augment import Augment, draw_views

NONE = AugmentConfig(flip=0, rotation_deg=0, shift=0, zoom=0, shear=0, jitter=0)
ALL = AugmentConfig(flip=0.5, rotation_deg=20, shift=0.2, zoom=0.2, shear=0.2, jitter=0.2)


def only(**strength):
    return dataclasses.replace(NONE, **strength)


def some_pictures(num=6, size=20):
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (num, 3, size, size), dtype=torch.uint8, generator=generator)


def centre(pictures, size):
    margin = (pictures.shape[-1] - size) // 2
    return pictures[..., margin : margin + size, margin : margin + size].float()


def test_without_strength_the_pictures_come_back_as_they_are():
    pictures = some_pictures()
    assert Augment(NONE, 16)(pictures, draw_views(6, 0)) is pictures


@pytest.mark.parametrize("stored_size", [20, 21])
def test_the_least_strength_is_the_centre_crop(stored_size):
    pictures = some_pictures(size=stored_size)
    seen = Augment(only(rotation_deg=1e-6), 16)(pictures, draw_views(6, 0))
    assert torch.allclose(seen, centre(pictures, 16), atol=0.02)


def test_a_certain_flip_mirrors_the_crop():
    pictures = some_pictures()
    seen = Augment(only(flip=1), 16)(pictures, draw_views(6, 0))
    assert torch.allclose(seen, centre(pictures, 16).flip(-1), atol=0.02)


def test_flips_come_as_often_as_they_are_asked_for():
    pictures = some_pictures(num=1).expand(400, -1, -1, -1)
    seen = Augment(only(flip=0.25), 16)(pictures, draw_views(400, 0))
    mirrored = (seen - centre(pictures, 16).flip(-1)).abs().amax(dim=(1, 2, 3)) < 1
    assert 70 <= mirrored.sum() <= 130


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(AugmentConfig)])
def test_each_strength_alone_changes_pictures_and_differs_from_picture_to_picture(name):
    pictures = some_pictures(num=1).expand(8, -1, -1, -1)
    strength = 20.0 if name == "rotation_deg" else 0.4
    seen = Augment(only(**{name: strength}), 16)(pictures, draw_views(8, 0))
    assert (seen - centre(pictures, 16)).abs().amax(dim=(1, 2, 3)).max() > 5
    assert len({tuple(view.flatten().tolist()) for view in seen}) > (1 if name == "flip" else 6)


def test_shifts_stay_within_their_share_of_the_side():
    columns = torch.arange(60, dtype=torch.uint8).expand(50, 3, 60, 60)
    seen = Augment(only(shift=0.1), 40)(columns, draw_views(50, 0))
    moved = seen[:, 0, 20, 20] - centre(columns, 40)[:, 0, 20, 20]
    assert 3 < moved.abs().max() <= 4 + 1e-3


def test_zoom_shows_as_much_as_its_range_says():
    columns = torch.arange(60, dtype=torch.uint8).expand(200, 3, 60, 60)
    seen = Augment(only(zoom=0.25), 32)(columns, draw_views(200, 0))
    spans = (seen[:, 0, 16, 31] - seen[:, 0, 16, 0]) / 31
    assert 1 / 1.25 <= spans.min() < 0.83
    assert 1.28 < spans.max() <= 1 / 0.75 + 1e-3


def test_geometry_stays_within_the_range_of_colours():
    geometry = dataclasses.replace(ALL, jitter=0.0)
    seen = Augment(geometry, 16)(some_pictures(), draw_views(6, 0))
    assert seen.shape == (6, 3, 16, 16)
    assert seen.dtype == torch.float32
    assert seen.min() >= 0
    assert seen.max() <= 255


def test_jitter_scales_grey_pictures_by_brightness_alone():
    """A uniform grey has neither contrast nor saturation."""
    grey = torch.full((100, 3, 16, 16), 100, dtype=torch.uint8)
    seen = Augment(only(jitter=0.2), 16)(grey, draw_views(100, 0))
    factors = seen.mean(dim=(1, 2, 3)) / 100
    assert torch.allclose(seen, factors[:, None, None, None].expand_as(seen) * 100, atol=1e-2)
    assert 0.8 <= factors.min() < 0.83
    assert 1.17 < factors.max() <= 1.2


def test_views_depend_on_the_seed_and_on_nothing_else():
    assert torch.equal(draw_views(5, 3), draw_views(5, 3))
    assert not torch.equal(draw_views(5, 3), draw_views(5, 4))
    torch.manual_seed(0)
    first = draw_views(5, 3)
    torch.rand(7)
    assert torch.equal(draw_views(5, 3), first)


def test_a_picture_meets_the_same_view_in_any_batch():
    pictures, views, augment = some_pictures(), draw_views(6, 0), Augment(ALL, 16)
    together = augment(pictures, views)
    rows = torch.tensor([4, 1])
    assert torch.allclose(augment(pictures[rows], views[rows]), together[rows], atol=1e-3)
