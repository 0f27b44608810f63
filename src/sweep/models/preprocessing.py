"""The one way from stored pictures to what a network sees: training, validation, export and prediction share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Of ImageNet's training pictures scaled to [0, 1]; torchvision's weights were trained with them.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_STATISTICS_PICTURES = 1000
_SMALLEST_STD = 1 / 255


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """A centre crop to `image_size` pixels on a side, then `(picture / 255 - mean) / std` per channel (RGB)."""

    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @classmethod
    def from_training_split(cls, pictures: NDArray[np.uint8], indices: NDArray[np.int64], image_size: int) -> Preprocessing:
        """Statistics of the stored pictures `(N, S, S, 3)` uint8 at `indices`, for a network without pretrained weights.

        Of more than 1,000 pictures an evenly spaced 1,000 are read: more would not move the third digit.
        """
        chosen = indices[np.linspace(0, len(indices) - 1, min(len(indices), _STATISTICS_PICTURES)).astype(np.int64)]
        levels = np.arange(256) / 255
        counts = np.zeros((3, 256))
        for index in chosen:
            for channel in range(3):
                counts[channel] += np.bincount(pictures[index, :, :, channel].ravel(), minlength=256)
        shares = counts / counts.sum(axis=1, keepdims=True)
        mean = shares @ levels
        std = np.sqrt(np.maximum(shares @ levels**2 - mean**2, _SMALLEST_STD**2))  # a constant channel must not divide by 0
        return cls(image_size, _three(mean), _three(std))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Preprocessing:
        """The inverse of `to_plain`, also after a way through JSON."""
        return cls(int(plain["image_size"]), _three(plain["mean"]), _three(plain["std"]))

    def to_plain(self) -> dict[str, Any]:
        return asdict(self)

    def __call__(self, pictures: Tensor) -> Tensor:
        """Pictures `(B, 3, S, S)`, uint8 or float in [0, 255] → `(B, 3, image_size, image_size)` float32, normalised."""
        margin = (pictures.shape[-1] - self.image_size) // 2
        cropped = pictures[..., margin : margin + self.image_size, margin : margin + self.image_size]
        mean = torch.tensor(self.mean, device=pictures.device).view(3, 1, 1).mul_(255)
        std = torch.tensor(self.std, device=pictures.device).view(3, 1, 1).mul_(255)
        return cropped.to(torch.float32).sub(mean).div_(std)


def _three(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
