"""From a configuration to a network ready to train, and from a finished file of weights back to the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from sweep.config import ModelConfig
from sweep.config.fields import build, to_plain
from sweep.errors import WeightsError
from sweep.models.preprocessing import Preprocessing
from sweep.models.registry import architecture
from sweep.models.weights import ResolvedWeights, load_backbone
from sweep.models.weights_file import read_metadata, read_weights, write_weights


@dataclass(frozen=True, slots=True)
class Classifier:
    """A trained network with what is needed to use it."""

    network: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    """In the order of the network's outputs."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A network's parts, as far as they are trained differently."""

    head: nn.Module
    blocks: tuple[nn.Module, ...]
    """Of the backbone, in the order in which a picture meets them; each has parameters."""


def dissect(config: ModelConfig, network: nn.Module) -> Anatomy:
    """The head and the backbone's blocks of a network that `build_model` made of `config`."""
    parts = architecture(config)
    modules = [network.get_submodule(name) for name in parts.backbone]
    blocks = [block for module in modules for block in (module if isinstance(module, nn.Sequential) else (module,))]
    return Anatomy(network.get_submodule(parts.head), tuple(block for block in blocks if any(True for _ in block.parameters())))


def build_model(config: ModelConfig, num_classes: int, image_size: int, weights: ResolvedWeights, seed: int) -> nn.Module:
    """The network on the CPU: its first weights depend on `seed` and on the pretrained file, and on nothing else.

    Raises WeightsError when the file is not the one that was resolved.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = architecture(config).build(config, num_classes, image_size)
    load_backbone(network, weights, config)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            # torchvision gives MobileNetV3 0.01, meant for a million steps: on small data the running statistics, and with
            # them validation, then trail hundreds of steps behind the weights and early comparisons are worthless.
            module.momentum = config.batchnorm_momentum
    return network


def count_parameters(network: nn.Module) -> int:
    """Trainable numbers; BatchNorm's running statistics are not among them."""
    return sum(parameter.numel() for parameter in network.parameters())


def size_mb(network: nn.Module) -> float:
    """What the parameters and buffers take as they are (fp32: 4 bytes each), in 10⁶ bytes."""
    num_bytes: int = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    return num_bytes / 1e6


def save_classifier(
    path: Path, weights: Mapping[str, Tensor], *, model: ModelConfig, preprocessing: Preprocessing, classes: tuple[str, ...]
) -> None:
    """Writes a .safetensors file from which `load_classifier` needs nothing else. Raises OSError."""
    metadata = {"model": to_plain(model), "classes": list(classes), "preprocessing": preprocessing.to_plain()}
    write_weights(path, weights, metadata)


def load_classifier(path: Path) -> Classifier:
    """The network in a file that `save_classifier` wrote, on the CPU, for inference.

    Raises WeightsError when the file is missing, damaged or of another origin.
    """
    tensors = read_weights(path)
    metadata = read_metadata(path)
    if not metadata.keys() >= {"model", "classes", "preprocessing"}:
        raise WeightsError(f"{path} does not say which network and classes it is of", "give a trial's best.safetensors")
    classes = tuple(metadata["classes"])
    config = build(ModelConfig, metadata["model"])
    preprocessing = Preprocessing.from_plain(metadata["preprocessing"])
    network = architecture(config).build(config, len(classes), preprocessing.image_size)
    network.load_state_dict(tensors)
    return Classifier(network.eval(), preprocessing, classes)
