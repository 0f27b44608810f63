"""The networks by name. Another one is a builder and a line in `ARCHITECTURES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torchvision.models import MobileNet_V3_Small_Weights, mobilenet_v3_small

from sweep.config import ModelName


@dataclass(frozen=True, slots=True)
class Architecture:
    """How one network is built and where its pretrained weights come from."""

    build: Callable[[int, float], nn.Module]
    """(num_classes, dropout before the last layer) → the network, freshly initialised from torch's global generator."""
    last_layer: str
    """The one layer whose shape depends on the number of classes."""
    imagenet_url: str
    """Of a file named `<name>-<first 8 hex digits of its sha256>.pth`."""


def _mnv3_small(num_classes: int, dropout: float) -> nn.Module:
    network: nn.Module = mobilenet_v3_small(num_classes=num_classes, dropout=dropout)
    return network


ARCHITECTURES: dict[ModelName, Architecture] = {
    ModelName.mnv3_small: Architecture(_mnv3_small, "classifier.3", MobileNet_V3_Small_Weights.IMAGENET1K_V1.url),
}
