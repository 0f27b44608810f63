"""Training pictures mixed with one another, labels alike: mixup (Zhang et al., 2018) and CutMix (Yun et al., 2019).

Both are one operation: within a rectangle a picture keeps a share of itself, and the rest is its partner's. Mixup's rectangle
is the whole picture, CutMix keeps nothing within it, and where the rectangle is empty a picture stays what it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sweep.config import AugmentConfig

_MIXUP_ALPHA = 0.2  # of the Beta distribution that shares come from: Zhang et al. (2018), ImageNet
_CUTMIX_ALPHA = 1.0  # Yun et al. (2019)


@dataclass(frozen=True, slots=True)
class Mixes:
    """How the picture at each of N places is mixed with its partner; all of it on the CPU."""

    rectangle: Tensor
    """`(N, 4)` float32: left, top, right and bottom as shares of the side."""
    kept: Tensor
    """`(N,)` float32: the picture's own share within the rectangle."""

    def __getitem__(self, rows: Tensor) -> Mixes:
        return Mixes(self.rectangle[rows], self.kept[rows])


def draw_mixes(config: AugmentConfig, num_places: int, seed: int) -> Mixes:
    """The mixing of one epoch, a row per place of it. The same seed draws the same shares whatever the probabilities."""
    config = config.scaled()
    rng = np.random.Generator(np.random.PCG64(seed))
    lot = rng.random(num_places)
    centre = rng.random((num_places, 2))
    kept = rng.beta(_MIXUP_ALPHA, _MIXUP_ALPHA, num_places)
    kept = np.maximum(kept, 1 - kept)  # the same blends, and none that is a second copy of the partner's view (as in fastai)
    reach = np.sqrt(1 - rng.beta(_CUTMIX_ALPHA, _CUTMIX_ALPHA, num_places))[:, None] / 2  # half a side
    is_blended = lot < config.mixup
    is_pasted = ~is_blended & (lot < config.mixup + config.cutmix)
    rectangle = np.zeros((num_places, 4))
    rectangle[is_blended] = (0, 0, 1, 1)
    rectangle[is_pasted] = np.hstack([centre - reach, centre + reach]).clip(0, 1)[is_pasted]
    kept = np.where(is_blended, kept, 0)
    return Mixes(torch.from_numpy(rectangle.astype(np.float32)), torch.from_numpy(kept.astype(np.float32)))


def mix(pictures: Tensor, labels: Tensor, num_classes: int, mixes: Mixes) -> tuple[Tensor, Tensor]:
    """Mixes each picture of a batch with the next one, the last with the first.

    Pictures `(B, 3, H, W)`, uint8 or float, and labels `(B,)` int64, with the batch's rows of `draw_mixes` → float32
    pictures of the same shape and order in memory, and each one's share of the classes `(B, num_classes)`. A label's share
    is that of the pixels, after rounding. What came in is never written to, and comes back where nothing is mixed.
    """
    height, width = pictures.shape[-2:]
    edges = (mixes.rectangle * torch.tensor([width, height, width, height])).round()
    left, top, right, bottom = edges.unbind(dim=1)
    replaced = (1 - mixes.kept) * (right - left) * (bottom - top) / (width * height)
    rows = replaced.nonzero().squeeze(1)
    shares = _class_shares(labels, num_classes, replaced)
    if not len(rows):
        return pictures.to(torch.float32), shares
    in_columns, in_rows = _between(left[rows], right[rows], width), _between(top[rows], bottom[rows], height)
    partner_share = ((1 - mixes.kept[rows])[:, None, None] * in_rows[:, :, None] * in_columns[:, None])[:, None]
    rows = rows.to(pictures.device)
    own = pictures[rows].to(torch.float32)
    partner = pictures[(rows + 1) % len(pictures)].to(torch.float32)
    mixed = pictures.to(torch.float32, copy=True)
    return mixed.index_copy_(0, rows, torch.lerp(own, partner, partner_share.to(pictures.device))), shares


def _class_shares(labels: Tensor, num_classes: int, replaced: Tensor) -> Tensor:
    """`(B, num_classes)` float32; not `one_hot`, which makes a device wait to check the labels."""
    is_class = (labels[:, None] == torch.arange(num_classes, device=labels.device)).to(torch.float32)
    return torch.lerp(is_class, is_class.roll(-1, 0), replaced.to(labels.device)[:, None])


def _between(first: Tensor, end: Tensor, size: int) -> Tensor:
    """Which of `size` pixels lie within [first, end): `(B, size)` float32 of 0 and 1."""
    pixels = torch.arange(size)
    return ((pixels >= first[:, None]) & (pixels < end[:, None])).to(torch.float32)
