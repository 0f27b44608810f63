from __future__ import annotations

import dataclasses
import math
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from sweep.config import AugmentConfig
from sweep.config.load import compose
from sweep.data.augment import Augment, draw_views
from sweep.data.mix import draw_mixes, mix

NONE = AugmentConfig(flip=0, rotation_deg=0, shift=0, zoom=0, shear=0, jitter=0)
ALL = AugmentConfig(flip=0.5, rotation_deg=20, shift=0.2, zoom=0.2, shear=0.2, jitter=0.2)
CHOICES = ("none", "light", "standard", "heavy", "maximum")


def only(**strength: float) -> AugmentConfig:
    return dataclasses.replace(NONE, **strength)  # type: ignore[arg-type]


@cache
def composed(choice: str) -> AugmentConfig:
    (job,) = compose(["model=mnv3_small", "data=plants", f"augment={choice}"])
    return job.config.augment


def some_pictures(num: int = 6, size: int = 20) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (num, size, size, 3), dtype=torch.uint8, generator=generator).permute(0, 3, 1, 2)


def centre(pictures: Tensor, size: int) -> Tensor:
    margin = (pictures.shape[-1] - size) // 2
    return pictures[..., margin : margin + size, margin : margin + size].float()


def bars(num: int, size: int) -> Tensor:
    """A white bar, upright through the middle of black."""
    pictures = torch.zeros((num, 3, size, size), dtype=torch.uint8)
    pictures[..., size // 2 - 2 : size // 2 + 2] = 255
    return pictures


def tilts_deg(seen: Tensor) -> Tensor:
    """How far the bars in pictures `(B, 3, S, S)` lean from upright, from where each row has its middle."""
    rows = seen[:, 0, seen.shape[-1] // 4 : -seen.shape[-1] // 4]
    middles = (rows * torch.arange(rows.shape[-1])).sum(dim=2) / rows.sum(dim=2)
    down = torch.arange(rows.shape[1]) - (rows.shape[1] - 1) / 2
    return torch.rad2deg(torch.atan((middles * down).sum(dim=1) / (down**2).sum()))


@pytest.mark.parametrize("stored_size", [20, 21])
def test_without_strength_training_sees_what_validation_sees(stored_size: int) -> None:
    pictures = some_pictures(size=stored_size)
    seen = Augment(NONE, 16)(pictures, draw_views(6, 0))
    assert seen.dtype == torch.uint8 and torch.equal(seen.float(), centre(pictures, 16))


@pytest.mark.parametrize("stored_size", [20, 21])
def test_the_least_strength_is_the_centre_crop(stored_size: int) -> None:
    pictures = some_pictures(size=stored_size)
    seen = Augment(only(rotation_deg=1e-6), 16)(pictures, draw_views(6, 0))
    assert torch.allclose(seen, centre(pictures, 16), atol=0.02)


def test_a_certain_flip_mirrors_the_crop() -> None:
    pictures = some_pictures()
    seen = Augment(only(flip=1), 16)(pictures, draw_views(6, 0))
    assert torch.allclose(seen, centre(pictures, 16).flip(-1), atol=0.02)


@pytest.mark.parametrize("config", [only(flip=0.25), dataclasses.replace(ALL, strength=0, flip=0.25)])
def test_flips_come_as_often_as_they_are_asked_for_and_strength_zero_leaves_nothing_else(config: AugmentConfig) -> None:
    pictures = some_pictures(num=1).expand(400, -1, -1, -1)
    seen, straight = Augment(config, 16)(pictures, draw_views(400, 0)), centre(pictures, 16)
    is_mirrored = torch.isclose(seen, straight.flip(-1), atol=0.02).flatten(1).all(dim=1)
    is_straight = torch.isclose(seen, straight, atol=0.02).flatten(1).all(dim=1)
    assert (is_mirrored ^ is_straight).all()
    assert 70 <= is_mirrored.sum() <= 130


@pytest.mark.parametrize("name", ["flip", "rotation_deg", "shift", "zoom", "shear", "jitter"])
def test_each_strength_alone_changes_pictures_and_differs_from_picture_to_picture(name: str) -> None:
    pictures = some_pictures(num=1).expand(8, -1, -1, -1)
    strength = 20.0 if name == "rotation_deg" else 0.4
    seen = Augment(only(**{name: strength}), 16)(pictures, draw_views(8, 0))
    assert (seen - centre(pictures, 16)).abs().amax(dim=(1, 2, 3)).max() > 5
    assert len({tuple(view.flatten().tolist()) for view in seen}) > (1 if name == "flip" else 6)


@pytest.mark.parametrize(("strength", "largest_deg"), [(0.5, 10), (1.0, 20), (1.5, 30)])
def test_strength_scales_how_far_pictures_are_turned(strength: float, largest_deg: float) -> None:
    seen = Augment(only(rotation_deg=20, strength=strength), 32)(bars(300, 48), draw_views(300, 0))
    tilts = tilts_deg(seen)
    assert largest_deg - 1 < tilts.max() <= largest_deg + 0.5
    assert -largest_deg - 0.5 <= tilts.min() < -largest_deg + 1


def test_shear_leans_as_far_as_its_tangent_says() -> None:
    tilts = tilts_deg(Augment(only(shear=0.2, strength=2), 32)(bars(300, 48), draw_views(300, 0)))
    largest_deg = math.degrees(math.atan(0.4))
    assert largest_deg - 1 < tilts.abs().max() <= largest_deg + 0.5


@pytest.mark.parametrize("strength", [1.0, 2.0])
def test_shifts_stay_within_their_share_of_the_side(strength: float) -> None:
    columns = torch.arange(60, dtype=torch.uint8).expand(50, 3, 60, 60)
    seen = Augment(only(shift=0.1, strength=strength), 40)(columns, draw_views(50, 0))
    moved = seen[:, 0, 20, 20] - centre(columns, 40)[:, 0, 20, 20]
    assert 3 * strength < moved.abs().max() <= 4 * strength + 1e-3


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_zoom_shows_as_much_as_its_range_says(strength: float) -> None:
    columns = torch.arange(60, dtype=torch.uint8).expand(200, 3, 60, 60)
    zoom = 0.25 * strength
    seen = Augment(only(zoom=0.25, strength=strength), 32)(columns, draw_views(200, 0))
    spans = (seen[:, 0, 16, 31] - seen[:, 0, 16, 0]) / 31
    assert 1 / (1 + zoom) - 1e-3 <= spans.min() < 1 / (1 + 0.95 * zoom)
    assert 1 / (1 - 0.95 * zoom) < spans.max() <= 1 / (1 - zoom) + 1e-3


def test_strength_is_bounded_by_what_each_setting_can_be() -> None:
    """Three times a zoom of 0.9 would turn the picture inside out."""
    seen = Augment(only(zoom=0.9, shift=0.5, shear=1, jitter=1, rotation_deg=180, strength=3), 16)
    at_the_end = Augment(only(zoom=0.9, shift=0.5, shear=1, jitter=1, rotation_deg=180), 16)
    views = draw_views(6, 0)
    assert torch.equal(seen(some_pictures(), views), at_the_end(some_pictures(), views))


def test_jitter_scales_grey_pictures_by_brightness_alone() -> None:
    """A uniform grey has neither contrast nor saturation."""
    grey = torch.full((100, 3, 16, 16), 100, dtype=torch.uint8)
    seen = Augment(only(jitter=0.2), 16)(grey, draw_views(100, 0))
    factors = seen.mean(dim=(1, 2, 3)) / 100
    assert torch.allclose(seen, factors[:, None, None, None].expand_as(seen) * 100, atol=1e-2)
    assert 0.8 <= factors.min() < 0.83
    assert 1.17 < factors.max() <= 1.2


def test_jitter_clips_what_no_camera_could_have_delivered_and_keeps_the_rest() -> None:
    """Half black, half white: contrast pushes both ends out of the range, or draws both in."""
    pictures = torch.zeros((100, 3, 16, 16), dtype=torch.uint8)
    pictures[..., 8:] = 255
    seen = Augment(only(jitter=0.3), 16)(pictures, draw_views(100, 0))
    assert seen.min() == 0 and seen.max() == 255
    is_clipped = (seen[..., 0] == 0).flatten(1).all(dim=1)
    assert 20 < is_clipped.sum() < 80
    assert 3 < seen[~is_clipped][..., 0].max() < 60


def test_views_depend_on_the_seed_and_on_nothing_else() -> None:
    torch.manual_seed(0)
    first = draw_views(5, 3)
    torch.rand(7)
    assert torch.equal(draw_views(5, 3), first)
    assert not torch.equal(draw_views(5, 4), first)


def test_a_picture_meets_the_same_view_in_any_batch() -> None:
    pictures, views, augment = some_pictures(), draw_views(6, 0), Augment(ALL, 16)
    together = augment(pictures, views)
    rows = torch.tensor([4, 1])
    assert torch.allclose(augment(pictures[rows], views[rows]), together[rows], atol=1e-3)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_keeps_colours_in_range_and_labels_shares_of_the_classes(choice: str) -> None:
    config = composed(choice)
    pictures, labels = some_pictures(num=64, size=37), torch.from_numpy(np.arange(64) % 7)
    seen = Augment(config, 32)(pictures, draw_views(64, 0))
    mixed, shares = mix(seen, labels, 7, draw_mixes(config, 64, 0))
    assert mixed.shape == (64, 3, 32, 32) and mixed.dtype == torch.float32
    assert mixed.min() >= 0 and mixed.max() <= 255
    assert shares.min() >= 0 and torch.allclose(shares.sum(dim=1), torch.ones(64))
    assert ((shares > 0).sum(dim=1) == 2).any() == (choice == "maximum")
    assert torch.equal(mixed, centre(pictures, 32)) == (choice == "none")


def test_each_choice_is_further_from_validation_than_the_one_before() -> None:
    pictures = some_pictures(num=64, size=8).repeat_interleave(5, -1).repeat_interleave(5, -2)  # patches, as of a picture
    changes = []
    for choice in CHOICES:
        seen = Augment(dataclasses.replace(composed(choice), flip=0), 32)(pictures, draw_views(64, 0)).float()
        changes.append(float((seen - centre(pictures, 32)).abs().mean()))
    assert changes[0] == 0 and changes == sorted(set(changes))
