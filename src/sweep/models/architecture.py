"""What is asked of a kind of network, whichever library it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from sweep.config import ModelConfig
from sweep.models.published import Published


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A network's parts, as far as they are trained differently."""

    head: nn.Module
    blocks: tuple[nn.Module, ...]
    """Of the backbone, in the order in which a picture meets them; each has parameters.

    A parameter that is no layer's, such as a transformer's position embedding, is in none of them.
    """


class Architecture(Protocol):
    """One kind of network: how it is built and taken apart, and which pretrained weights go into it."""

    @property
    def mean(self) -> tuple[float, float, float]:
        """What the published weights were trained with, per channel of pictures in [0, 1]."""

    @property
    def std(self) -> tuple[float, float, float]: ...

    @property
    def native_size(self) -> int:
        """Pixels on a side of what the published weights were trained with."""

    def build(self, config: ModelConfig, num_classes: int, image_size: int) -> nn.Module:
        """The network, freshly initialised from torch's global generator.

        Raises ConfigError when it does not take pictures of `image_size` pixels on a side.
        """

    def dissect(self, network: nn.Module) -> Anatomy:
        """The parts of what `build` made."""

    def last_layers(self, network: nn.Module) -> tuple[str, ...]:
        """The modules whose shape depends on the number of classes: they never start from a file."""

    def adapt(self, config: ModelConfig, tensors: Mapping[str, Tensor], image_size: int) -> Mapping[str, Tensor]:
        """A file's tensors by the names that `build` gives them, and resized where their shape depends on `image_size`.

        What does not fit may stay as it is: the caller compares. Raises ValueError where nothing can be made of them.
        """

    def published(self, config: ModelConfig) -> Published:
        """Where the network's pretrained weights come from. Raises WeightsError when there are none."""


def blocks_of(module: nn.Module) -> list[nn.Module]:
    """`module`, or what is in it where it is nothing but a row of others; without those that have no parameters.

    A subclass of Sequential, such as a convolution with its norm, is one block.
    """
    if type(module) in (nn.Sequential, nn.ModuleList):
        return [block for child in module.children() for block in blocks_of(child)]
    return [module] if any(True for _ in module.parameters()) else []
