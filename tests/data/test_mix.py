from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sweep.config import AugmentConfig
from sweep.data.batches import training_batches
from sweep.data.mix import Mixes, draw_mixes, mix

NUM_CLASSES = 5
MIXUP = AugmentConfig(mixup=1)
CUTMIX = AugmentConfig(cutmix=1)


def some_pictures(num: int = 8, height: int = 20, width: int = 20) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (num, height, width, 3), dtype=torch.uint8, generator=generator).permute(0, 3, 1, 2)


def some_labels(num: int = 8) -> Tensor:
    return torch.arange(num) % NUM_CLASSES


def black_and_white(num: int, height: int, width: int) -> Tensor:
    """Every second picture is white, so that what is mixed shows whose a pixel is."""
    return (torch.arange(num) % 2 * 255).to(torch.uint8)[:, None, None, None].expand(-1, 3, height, width)


def own_shares(mixed: Tensor) -> Tensor:
    """Of mixed black and white pictures, how much of each one's pixels is its own: `(B,)`."""
    white = mixed.mean(dim=(1, 2, 3)) / 255
    return torch.where(torch.arange(len(mixed)) % 2 == 1, white, 1 - white)


@pytest.mark.parametrize("config", [MIXUP, CUTMIX, AugmentConfig(mixup=0.3, cutmix=0.3)])
def test_labels_are_shares_of_the_classes(config: AugmentConfig) -> None:
    _, shares = mix(some_pictures(200), some_labels(200), NUM_CLASSES, draw_mixes(config, 200, 0))
    assert shares.shape == (200, NUM_CLASSES) and shares.dtype == torch.float32
    assert shares.min() >= 0
    assert torch.allclose(shares.sum(dim=1), torch.ones(200))
    assert ((shares > 0).sum(dim=1) == 2).any()


@pytest.mark.parametrize("config", [MIXUP, CUTMIX])
@pytest.mark.parametrize("sides", [(20, 20), (9, 31)])
def test_a_label_has_exactly_the_share_of_the_pixels(config: AugmentConfig, sides: tuple[int, int]) -> None:
    labels = torch.arange(300) % 2
    mixed, shares = mix(black_and_white(300, *sides), labels, 2, draw_mixes(config, 300, 0))
    own = shares.gather(1, labels[:, None]).squeeze(1)
    assert torch.allclose(own, own_shares(mixed), atol=1e-5)
    assert 0.05 < own.std()


def test_mixup_blends_with_the_next_picture_and_the_last_with_the_first() -> None:
    pictures, labels = some_pictures(12).float(), torch.arange(12)
    mixed, shares = mix(pictures, labels, 12, draw_mixes(MIXUP, 12, 1))
    own = shares.diagonal()
    assert (own < 0.9).sum() > 2
    for index in range(12):
        partner = (index + 1) % 12
        assert torch.allclose(shares[index, partner], 1 - own[index], atol=1e-6)
        expected = own[index] * pictures[index] + (1 - own[index]) * pictures[partner]
        assert torch.allclose(mixed[index], expected, atol=1e-2)


def test_mixups_shares_are_those_of_its_distribution_and_the_larger_is_the_pictures_own() -> None:
    """Beta(0.2, 0.2) has 0.673 of its mass within 0.1 of either end, and 0.899 is the mean of the larger share."""
    kept = draw_mixes(MIXUP, 20_000, 0).kept
    assert kept.min() >= 0.5 and kept.max() <= 1
    assert (kept > 0.9).float().mean() == pytest.approx(0.673, abs=0.02)
    assert kept.mean() == pytest.approx(0.899, abs=0.005)


def test_cutmix_pastes_one_rectangle_of_the_next_picture_in_its_place() -> None:
    pictures = some_pictures(40)
    mixed, _ = mix(pictures, some_labels(40), NUM_CLASSES, draw_mixes(CUTMIX, 40, 0))
    own, partner = pictures.float(), pictures.roll(-1, 0).float()
    is_own, is_partner = (mixed == own).all(dim=1), (mixed == partner).all(dim=1)
    assert (is_own | is_partner).all()
    for pasted in ~is_own:
        rows, columns = pasted.any(dim=1), pasted.any(dim=0)
        for line in (rows, columns):
            assert (line.int().diff() == 1).sum() <= 1 >= (line.int().diff() == -1).sum()
    sizes = (~is_own).sum(dim=(1, 2))
    assert len(set(sizes.tolist())) > 20


def test_cutmixs_rectangles_are_as_large_as_their_distribution_says_and_anywhere() -> None:
    """Unclipped, the share is uniform; a rectangle of side r about a uniform centre keeps (r - r² / 4)² of the picture."""
    rectangle = draw_mixes(CUTMIX, 20_000, 0).rectangle
    assert rectangle.min() == 0 and rectangle.max() == 1
    left, top, right, bottom = rectangle.unbind(dim=1)
    assert ((right - left) * (bottom - top)).mean() == pytest.approx(_mean_pasted_area(), abs=0.01)
    for first, end in ((left, right), (top, bottom)):
        assert ((first + end) / 2).mean() == pytest.approx(0.5, abs=0.01)
    inside = (left > 0) & (top > 0) & (right < 1) & (bottom < 1)
    assert torch.allclose((right - left)[inside], (bottom - top)[inside], atol=1e-6)


def _mean_pasted_area() -> float:
    side = ((torch.arange(10_000) + 0.5) / 10_000).sqrt()
    return float(((side - side**2 / 4) ** 2).mean())


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_so_many_pictures_are_mixed_as_are_asked_for(name: str) -> None:
    mixes = draw_mixes(AugmentConfig(**{name: 0.25}), 4000, 0)
    is_mixed = mixes.rectangle[:, 2] > mixes.rectangle[:, 0]
    assert is_mixed.float().mean() == pytest.approx(0.25, abs=0.03)


def test_both_together_mix_each_picture_in_one_way_and_strength_scales_how_many() -> None:
    whole = torch.tensor([0.0, 0.0, 1.0, 1.0])
    for strength, expected in ((1.0, 0.2), (0.5, 0.1), (3.0, 0.5), (0.0, 0.0)):
        mixes = draw_mixes(AugmentConfig(mixup=0.2, cutmix=0.2, strength=strength), 4000, 0)
        is_mixed = mixes.rectangle[:, 2] > mixes.rectangle[:, 0]
        is_blended = (mixes.rectangle == whole).all(dim=1) & (mixes.kept > 0)
        assert is_blended.float().mean() == pytest.approx(expected, abs=0.03)
        assert (is_mixed & ~is_blended).float().mean() == pytest.approx(expected, abs=0.03)


def test_without_mixing_pictures_and_labels_stay_what_they_are() -> None:
    pictures, labels = some_pictures(), some_labels()
    for given in (pictures, pictures.float()):
        mixed, shares = mix(given, labels, NUM_CLASSES, draw_mixes(AugmentConfig(), 8, 0))
        assert mixed.dtype == torch.float32 and torch.equal(mixed, pictures.float())
        assert torch.equal(shares, torch.nn.functional.one_hot(labels, NUM_CLASSES).float())


def test_unmixed_neighbours_of_mixed_pictures_stay_what_they_are() -> None:
    pictures, labels = some_pictures(60), some_labels(60)
    mixed, shares = mix(pictures, labels, NUM_CLASSES, draw_mixes(AugmentConfig(mixup=0.3, cutmix=0.3), 60, 0))
    is_pure = shares.amax(dim=1) == 1
    is_same = (mixed == pictures.float()).flatten(1).all(dim=1)
    assert 15 < is_same.sum() < 35
    assert is_pure[is_same].all()
    assert torch.equal(shares.argmax(dim=1)[is_same], labels[is_same])


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float16])
@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
def test_values_stay_within_what_went_in_and_so_does_their_order_in_memory(
    dtype: torch.dtype, memory_format: torch.memory_format
) -> None:
    pictures = (some_pictures(50) // 2 + 40).to(dtype).contiguous(memory_format=memory_format)
    before = pictures.clone()
    mixed, _ = mix(pictures, some_labels(50), NUM_CLASSES, draw_mixes(AugmentConfig(mixup=0.5, cutmix=0.5), 50, 0))
    assert mixed.shape == pictures.shape and mixed.dtype == torch.float32
    assert 40 <= mixed.min() and mixed.max() <= 167
    assert mixed.is_contiguous(memory_format=memory_format)
    assert torch.equal(pictures, before), "what came in was written to"


def test_a_crop_of_stored_pictures_stays_channels_last() -> None:
    mixed, _ = mix(some_pictures()[..., 2:18, 2:18], some_labels(), NUM_CLASSES, draw_mixes(MIXUP, 8, 0))
    assert mixed.is_contiguous(memory_format=torch.channels_last)


def test_the_draws_depend_on_the_seed_and_on_nothing_else() -> None:
    def drawn(seed: int) -> Tensor:
        mixes = draw_mixes(AugmentConfig(mixup=0.5, cutmix=0.5), 30, seed)
        return torch.column_stack([mixes.kept, mixes.rectangle])

    torch.manual_seed(0)
    first = drawn(3)
    torch.rand(7)
    assert torch.equal(drawn(3), first)
    assert not torch.equal(drawn(4), first)
    assert len(set(map(tuple, first.tolist()))) == 30


def test_a_place_is_mixed_alike_whatever_the_batch_size() -> None:
    """Its partner is another one, but neither its share nor its rectangle."""
    num = 24
    pictures, labels = black_and_white(1, 20, 20).expand(num, -1, -1, -1), torch.zeros(num, dtype=torch.int64)
    mixes = draw_mixes(AugmentConfig(mixup=0.5, cutmix=0.5), num, 0)
    seen = []
    for batch_size in (4, 12):
        own = torch.zeros(num)
        for rows in training_batches(num, batch_size, seed=5):
            # The place itself is white, and all others are black: one picture at a time.
            for index, place in enumerate(rows):
                batch = pictures[rows].clone()
                batch[index] = 255
                own[place] = mix(batch, labels[rows], 1, mixes[rows])[0][index].mean() / 255
        seen.append(own)
    assert torch.equal(*seen)
    assert len(set(seen[0].tolist())) > 15


def test_rows_of_the_draws_can_be_taken_in_any_order() -> None:
    mixes = draw_mixes(AugmentConfig(mixup=0.5, cutmix=0.5), 10, 0)
    rows = torch.tensor([7, 2])
    taken = mixes[rows]
    assert isinstance(taken, Mixes)
    assert torch.equal(taken.kept, mixes.kept[rows]) and torch.equal(taken.rectangle, mixes.rectangle[rows])
