"""torchvision's networks by our names for them. Another one is a builder and an entry in `ARCHITECTURES`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isqrt

from torch import Tensor, nn
from torchvision import models
from torchvision.models.vision_transformer import interpolate_embeddings

from sweep.config import ModelConfig, ModelName
from sweep.config.study import VIT_PATCH
from sweep.errors import WeightsError
from sweep.models.architecture import Anatomy, blocks_of
from sweep.models.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from sweep.models.published import Published

_POSITIONS = "encoder.pos_embedding"


@dataclass(frozen=True, slots=True)
class TorchvisionNetwork:
    """How one of torchvision's networks is built, what its parts are called and where its weights come from."""

    builder: Callable[[ModelConfig, int, int], nn.Module]
    """(config, num_classes, image_size) → the network, with dropout before its last layer."""
    backbone: tuple[str, ...]
    """The modules before the head, in the order in which a picture meets them; a Sequential counts block by block."""
    head: str
    """The module after the backbone: it keeps the full rate, and learns when the backbone is frozen."""
    last_layer: str
    """The one layer whose shape depends on the number of classes, in our network and in torchvision's files."""
    imagenet_url: str
    """Of a file named `<name>-<first 8 hex digits of its sha256>.pth`."""

    mean = IMAGENET_MEAN
    std = IMAGENET_STD
    native_size = 224

    def build(self, config: ModelConfig, num_classes: int, image_size: int) -> nn.Module:
        return self.builder(config, num_classes, image_size)

    def dissect(self, network: nn.Module) -> Anatomy:
        blocks = [block for name in self.backbone for block in blocks_of(network.get_submodule(name))]
        return Anatomy(network.get_submodule(self.head), tuple(blocks))

    def last_layers(self, network: nn.Module) -> tuple[str, ...]:
        return (self.last_layer,)

    def adapt(self, config: ModelConfig, tensors: Mapping[str, Tensor], image_size: int) -> Mapping[str, Tensor]:
        positions = tensors.get(_POSITIONS)
        if positions is None or not _is_of_a_square(positions):
            return tensors
        adapted: Mapping[str, Tensor] = interpolate_embeddings(image_size, VIT_PATCH, OrderedDict(tensors))
        return adapted

    def published(self, config: ModelConfig) -> Published:
        if config.width_mult != 1:
            problem = f"model.width_mult={config.width_mult:g}: ImageNet's weights exist at 1 only"
            raise WeightsError(problem, "leave it at model.width_mult=1, or train from scratch: model.weights=none")
        return Published("imagenet", self.imagenet_url, self.imagenet_url.rpartition("/")[2])


def _is_of_a_square(positions: Tensor) -> bool:
    """One vector for the class token, then one for each patch of a square picture: `(1, 1 + n², D)`."""
    if positions.ndim != 3 or positions.shape[0] != 1:
        return False
    num_patches = positions.shape[1] - 1
    return num_patches > 0 and isqrt(num_patches) ** 2 == num_patches


def _mobilenet(torchvisions: Callable[..., nn.Module]) -> Callable[[ModelConfig, int, int], nn.Module]:
    def builder(config: ModelConfig, num_classes: int, _image_size: int) -> nn.Module:
        return torchvisions(num_classes=num_classes, dropout=config.dropout, width_mult=config.width_mult)

    return builder


def _efficientnet_b0(config: ModelConfig, num_classes: int, _image_size: int) -> nn.Module:
    network: nn.Module = models.efficientnet_b0(num_classes=num_classes, dropout=config.dropout)
    return network


def _resnet(torchvisions: Callable[..., nn.Module]) -> Callable[[ModelConfig, int, int], nn.Module]:
    def builder(config: ModelConfig, num_classes: int, _image_size: int) -> nn.Module:
        network = torchvisions(num_classes=num_classes)
        network.fc = nn.Sequential(nn.Dropout(config.dropout), network.get_submodule("fc"))
        return network

    return builder


def _vit_b16(config: ModelConfig, num_classes: int, image_size: int) -> nn.Module:
    # Its own dropout would act in every block.
    network: nn.Module = models.vit_b_16(num_classes=num_classes, image_size=image_size)
    network.heads = nn.Sequential(OrderedDict(dropout=nn.Dropout(config.dropout), head=network.get_submodule("heads.head")))
    return network


_RESNET_BACKBONE = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")

# Where torchvision offers two generations (mnv3_large, mobilenet_v2, resnet50), the first is taken. The second gains 0.3 to 4.7
# points on ImageNet by label smoothing, mixup and long training; features trained so "transfer substantially worse" to
# other pictures when they are kept fixed, and much the same when all is fine-tuned (Kornblith et al., "Why Do Better Loss
# Functions Lead to Less Transferable Features?", NeurIPS 2021).
ARCHITECTURES: dict[ModelName, TorchvisionNetwork] = {
    ModelName.mnv3_small: TorchvisionNetwork(
        _mobilenet(models.mobilenet_v3_small),
        backbone=("features",),
        head="classifier",
        last_layer="classifier.3",
        imagenet_url=models.MobileNet_V3_Small_Weights.IMAGENET1K_V1.url,
    ),
    ModelName.mnv3_large: TorchvisionNetwork(
        _mobilenet(models.mobilenet_v3_large),
        backbone=("features",),
        head="classifier",
        last_layer="classifier.3",
        imagenet_url=models.MobileNet_V3_Large_Weights.IMAGENET1K_V1.url,
    ),
    ModelName.mobilenet_v2: TorchvisionNetwork(
        _mobilenet(models.mobilenet_v2),
        backbone=("features",),
        head="classifier",
        last_layer="classifier.1",
        imagenet_url=models.MobileNet_V2_Weights.IMAGENET1K_V1.url,
    ),
    ModelName.efficientnet_b0: TorchvisionNetwork(
        _efficientnet_b0,
        backbone=("features",),
        head="classifier",
        last_layer="classifier.1",
        imagenet_url=models.EfficientNet_B0_Weights.IMAGENET1K_V1.url,
    ),
    ModelName.resnet18: TorchvisionNetwork(
        _resnet(models.resnet18),
        backbone=_RESNET_BACKBONE,
        head="fc",
        last_layer="fc",
        imagenet_url=models.ResNet18_Weights.IMAGENET1K_V1.url,
    ),
    ModelName.resnet50: TorchvisionNetwork(
        _resnet(models.resnet50),
        backbone=_RESNET_BACKBONE,
        head="fc",
        last_layer="fc",
        imagenet_url=models.ResNet50_Weights.IMAGENET1K_V1.url,
    ),
    ModelName.vit_b16: TorchvisionNetwork(
        _vit_b16,
        backbone=("conv_proj", "encoder.layers", "encoder.ln"),
        head="heads",
        last_layer="heads",
        imagenet_url=models.ViT_B_16_Weights.IMAGENET1K_V1.url,
    ),
}
