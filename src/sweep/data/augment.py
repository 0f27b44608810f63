"""Random views of training pictures: one affine map and one change of colour each, a whole batch at a time.

Every random number of an epoch is drawn beforehand, on the CPU and in the order of the training split, so that a picture
meets the same view whatever the batch size, the device or the order of the epoch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sweep.config import AugmentConfig

_DRAWS = 9  # flip, angle, shift x, shift y, zoom, shear, brightness, contrast, saturation

# ITU-R BT.601: what grey a colour has.
_LUMA = (0.299, 0.587, 0.114)


def draw_views(num_pictures: int, seed: int) -> Tensor:
    """The random numbers of one epoch: `(num_pictures, 9)` in [0, 1), one row per picture of the training split."""
    return torch.rand(num_pictures, _DRAWS, generator=torch.Generator().manual_seed(seed))


@dataclass(frozen=True, slots=True)
class Augment:
    """One view of each picture of a batch, `image_size` pixels on a side; of the settings, mixing is not its business."""

    config: AugmentConfig
    """With `strength` multiplied in, whatever it was made with."""
    image_size: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", self.config.scaled())

    def __call__(self, pictures: Tensor, draws: Tensor) -> Tensor:
        """Pictures `(B, 3, S, S)` uint8 and their rows of `draw_views` → `(B, 3, image_size, image_size)` float32 in [0, 255].

        Without any strength this is the middle of the pictures, as validation sees it, still uint8.
        """
        config = self.config
        if any((config.flip, config.rotation_deg, config.shift, config.zoom, config.shear)):
            pictures = self._warp(pictures, draws)
        else:
            pictures = self._crop(pictures)
        return self._jitter(pictures, draws) if config.jitter else pictures

    def _crop(self, pictures: Tensor) -> Tensor:
        margin = (pictures.shape[-1] - self.image_size) // 2
        return pictures[..., margin : margin + self.image_size, margin : margin + self.image_size]

    def _warp(self, pictures: Tensor, draws: Tensor) -> Tensor:
        stored, size = pictures.shape[-1], self.image_size
        maps = self._affine_maps(draws) * (size / stored)
        # Where stored - size is odd, the crop lies half a pixel off the middle, and without strength so must we.
        maps[:, :, 2] -= ((stored - size) % 2) / stored
        maps = maps.to(pictures.device)
        along = (torch.arange(size, device=pictures.device) * 2 + 1) / size - 1
        # functional.affine_grid does the same with a matrix product that takes as long as the sampling itself.
        columns = maps[:, :, 0, None, None] * along
        rows = maps[:, :, 1, None] * along + maps[:, :, 2, None]
        grid = (columns + rows[..., None]).permute(0, 2, 3, 1)
        source = pictures.to(
            torch.float32
        )  # channels last as stored: sorting them by channel first takes longer and helps nothing
        return functional.grid_sample(source, grid, mode="bilinear", padding_mode="reflection", align_corners=False)

    def _affine_maps(self, draws: Tensor) -> Tensor:
        """From places in the view to places in the picture, both in [-1, 1] over `image_size`: `(B, 2, 3)`."""
        config = self.config
        angle = math.radians(config.rotation_deg) * _both_ways(draws[:, 1])
        scale = 1 / (1 + config.zoom * _both_ways(draws[:, 4]))
        shear = config.shear * _both_ways(draws[:, 5])
        mirror = 1 - 2 * (draws[:, 0] < config.flip).to(torch.float32)
        cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
        shift = 2 * config.shift * _both_ways(draws[:, 2:4])
        first = torch.stack([cos * mirror, cos * shear - sin, shift[:, 0]], dim=1)
        second = torch.stack([sin * mirror, sin * shear + cos, shift[:, 1]], dim=1)
        return torch.stack([first, second], dim=1)

    def _jitter(self, pictures: Tensor, draws: Tensor) -> Tensor:
        """Brightness, contrast about the mean grey and saturation are linear in the colours: one 3 × 3 matrix per picture.

        What leaves [0, 255] is clipped, as a camera would have done: beyond it lie no pictures that validation could show.
        """
        factors = (1 + self.config.jitter * _both_ways(draws[:, 6:9])).to(pictures.device)
        brightness, contrast, saturation = factors[:, 0], factors[:, 1], factors[:, 2]
        luma = torch.tensor(_LUMA, device=pictures.device)
        flat = pictures.to(torch.float32, memory_format=torch.contiguous_format).flatten(2)
        grey = luma.expand(3, 3)
        mix = saturation[:, None, None] * torch.eye(3, device=pictures.device) + (1 - saturation)[:, None, None] * grey
        matrix = (brightness * contrast)[:, None, None] * mix
        offset = brightness * (1 - contrast) * (flat.mean(dim=2) @ luma)
        return torch.baddbmm(offset[:, None, None], matrix, flat).clamp_(0, 255).view(pictures.shape)


def _both_ways(draws: Tensor) -> Tensor:
    """From [0, 1) to [-1, 1)."""
    return draws * 2 - 1
