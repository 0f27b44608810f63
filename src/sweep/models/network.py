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
from sweep.errors import ConfigError, WeightsError
from sweep.models.architecture import Anatomy
from sweep.models.preprocessing import Preprocessing
from sweep.models.registry import architecture
from sweep.models.weights import ResolvedWeights, load_backbone
from sweep.models.weights_file import read_metadata, read_weights, write_weights

_PROCESS_GB = 0.8  # Python with torch, before any network
_REMEDY = "give a trial's best.safetensors"
_COPIES = 6  # of the weights: they themselves, their gradients, two moments, the best epoch's, a moving average


@dataclass(frozen=True, slots=True)
class Classifier:
    """A trained network with what is needed to use it."""

    network: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    """In the order of the network's outputs."""


@dataclass(frozen=True, slots=True)
class NetworkSize:
    """How large a network is."""

    parameters: int
    """Trainable numbers; BatchNorm's running statistics are not among them."""
    size_mb: float
    """Of parameters and buffers as fp32, in 10⁶ bytes."""
    picture_mb: float
    """What training keeps of one picture between the forward and the backward pass, as fp32, in 10⁶ bytes."""

    def training_gb(self, num_pictures: int) -> float:
        """What a process takes that trains with so many pictures at once, in GiB.

        MobileNetV3-Small at 224 px was measured to take 1.8 with 64 and 2.7 with 128; this says 2.0 and 3.2.
        """
        return _PROCESS_GB + (_COPIES * self.size_mb + num_pictures * self.picture_mb) * 1e6 / 2**30

    def __str__(self) -> str:
        return f"{self.parameters / 1e6:.3g} M parameters, {self.size_mb:.1f} MB as fp32"


def measure_network(config: ModelConfig, num_classes: int, image_size: int) -> NetworkSize:
    """The size of the network, which is built and run without its numbers: even a large one costs little.

    Raises ConfigError when there is no such network, or not for pictures of `image_size` pixels on a side.
    """
    kind = architecture(config)
    with torch.device("meta"):
        network = kind.build(config, num_classes, image_size)
        try:
            picture_mb = _kept_bytes(network, torch.empty(2, 3, image_size, image_size)) / 2e6
        except (AssertionError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"{config.name} does not take pictures of data.image_size={image_size}",
                f"data.image_size={kind.native_size} is what it was made for",
            ) from error
    num_bytes: int = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    return NetworkSize(sum(parameter.numel() for parameter in network.parameters()), num_bytes / 1e6, picture_mb)


def _kept_bytes(network: nn.Module, pictures: Tensor) -> int:
    """What the forward pass keeps for the backward pass besides the weights, each tensor once."""
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, nn.Parameter):
            kept[id(tensor.untyped_storage())] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(pictures)
    return sum(tensor.numel() * tensor.element_size() for tensor in kept.values())


def dissect(config: ModelConfig, network: nn.Module) -> Anatomy:
    """The head and the backbone's blocks of a network that `build_model` made of `config`."""
    return architecture(config).dissect(network)


def build_model(config: ModelConfig, num_classes: int, image_size: int, weights: ResolvedWeights, seed: int) -> nn.Module:
    """The network on the CPU: its first weights depend on `seed` and on the pretrained file, and on nothing else.

    Raises ConfigError when there is no such network, or not for pictures of `image_size` pixels on a side, and WeightsError
    when the file is not the one that was resolved.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = architecture(config).build(config, num_classes, image_size)
        load_backbone(network, weights, config, image_size)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            # torchvision gives MobileNetV3 0.01, meant for a million steps: on small data the running statistics, and with
            # them validation, then trail hundreds of steps behind the weights and early comparisons are worthless.
            module.momentum = config.batchnorm_momentum
    return network


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
        raise WeightsError(f"{path} does not say which network and classes it is of", _REMEDY)
    try:
        classes = tuple(metadata["classes"])
        config = build(ModelConfig, metadata["model"])
        preprocessing = Preprocessing.from_plain(metadata["preprocessing"])
        network = _build_filled(config, len(classes), preprocessing.image_size, tensors)
    except Exception as error:  # what a wrong setting leads to is anyone's guess
        raise WeightsError(f"{path} is not of the network that it says it is of", _REMEDY) from error
    return Classifier(network.eval(), preprocessing, classes)


def _build_filled(config: ModelConfig, num_classes: int, image_size: int, tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network with `tensors` for weights; ValueError when they are another's. No more memory is taken than they have."""
    with torch.device("meta"):
        expected = architecture(config).build(config, num_classes, image_size).state_dict()
    if {name: tensor.shape for name, tensor in expected.items()} != {name: tensor.shape for name, tensor in tensors.items()}:
        raise ValueError("names or shapes differ")
    network = architecture(config).build(config, num_classes, image_size)
    network.load_state_dict(tensors)
    return network
