"""The networks by name. Another one is a builder and a line in `ARCHITECTURES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torchvision.models import MobileNet_V3_Small_Weights, mobilenet_v3_small

from sweep.config import ModelConfig, ModelName


@dataclass(frozen=True, slots=True)
class Architecture:
    """How one network is built and where its pretrained weights come from."""

    build: Callable[[ModelConfig, int, int], nn.Module]
    """(config, num_classes, image_size) → the network, freshly initialised from torch's global generator."""
    backbone: tuple[str, ...]
    """The modules before the head, in the order in which a picture meets them; a Sequential counts block by block."""
    head: str
    """The module after the backbone: it keeps the full rate, and learns when the backbone is frozen."""
    last_layer: str
    """The one layer whose shape depends on the number of classes."""
    imagenet_url: str
    """Of a file named `<name>-<first 8 hex digits of its sha256>.pth`."""


def architecture(config: ModelConfig) -> Architecture:
    """The architecture that `config` names."""
    return ARCHITECTURES[ModelName(config.name)]


def _mnv3_small(config: ModelConfig, num_classes: int, _image_size: int) -> nn.Module:
    network: nn.Module = mobilenet_v3_small(num_classes=num_classes, dropout=config.dropout, width_mult=config.width_mult)
    return network


ARCHITECTURES: dict[ModelName, Architecture] = {
    ModelName.mnv3_small: Architecture(
        _mnv3_small, ("features",), "classifier", "classifier.3", MobileNet_V3_Small_Weights.IMAGENET1K_V1.url
    ),
}
