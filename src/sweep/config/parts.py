"""What one training run is made of, as typed parts that mirror `conf/` by name.

Nothing here knows of Hydra: `load.py` is the one door. Every part checks its fields against their annotations; relations
between fields are checked in the part that holds them all. The sentence under a field is its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from sweep.config.choices import (
    Auto,
    ClassWeights,
    CopiesAcrossSplits,
    FinetuneStrategy,
    ModelLibrary,
    ModelName,
    OnUnreadable,
    OptimizerName,
    Precision,
    Sampling,
    ScheduleName,
)
from sweep.config.fields import Bounds, check
from sweep.errors import ConfigError, nearest


@dataclass(kw_only=True, slots=True, frozen=True)
class Part:
    """A part of the configuration: its fields are checked against their annotations whenever one is made."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(kw_only=True, slots=True, frozen=True)
class ModelConfig(Part):
    """The network that is trained."""

    library: ModelLibrary = ModelLibrary.torchvision
    """Where the network comes from; timm has some thousand more, and comes with the extra `timm`."""
    name: ModelName | str
    """The network's name in its library."""
    weights: str = "auto"
    """`auto` (ImageNet's if at hand, else none, said), `imagenet`, `none`, or a .pth/.safetensors file."""
    width_mult: Annotated[float, Bounds(0.1, 4)] = 1.0
    """Channels of a MobileNet, relative to the standard network. Pretrained weights exist at 1.0 only."""
    dropout: Annotated[float, Bounds(0, 1, high_open=True)] = 0.2
    """Share of features dropped before the last layer."""
    batchnorm_momentum: Annotated[float, Bounds(0, 1, low_open=True)] = 0.1
    """Share of the running statistics that a batch renews; torchvision's MobileNetV3 has 0.01, too slow for small data."""

    def __post_init__(self) -> None:
        check(self)
        if self.name in ("", "???"):
            raise ConfigError("model.name has no value", f"name one of {self.library}'s networks, as in model.name=resnet10t")
        is_ours = self.library is ModelLibrary.torchvision
        if is_ours and self.name not in list(ModelName):
            raise ConfigError(
                f"model.name={self.name!r} is not a network of torchvision's here",
                nearest(self.name, [each.value for each in ModelName]),
            )
        if self.weights == "":
            raise ConfigError("model.weights is empty", "allowed: auto, imagenet, none, or a .pth or .safetensors file")
        if self.width_mult != 1 and not (is_ours and ModelName(self.name).has_width):
            allowed = ", ".join(name for name in ModelName if name.has_width)
            raise ConfigError(
                f"model.width_mult={self.width_mult:g}: {self.name} has one width only", f"it is a knob of {allowed}"
            )


@dataclass(kw_only=True, slots=True, frozen=True)
class DataConfig(Part):
    """The pictures, their classes, and which of them train, validate and test."""

    name: str | None = None
    """Names the dataset in studies and experiments; null takes the root folder's name, or the labels file's with its folder."""
    root: str | None = None
    """The folder of class folders. Null is allowed where the preset can draw its pictures, or a labels file is given."""
    extra_roots: tuple[str, ...] = ()
    """Further folders of class folders: equal class names are one class."""
    labels: str | None = None
    """A CSV or JSON-lines file with each picture's class, instead of class folders; its paths start at the root, or beside it."""
    drawn: str | None = None
    """Which pictures to draw when there is no root."""
    image_size: Annotated[int, Bounds(32, 1024)] = 224
    """Pixels on a side of what the network sees."""
    stored_size: Annotated[int | None, Bounds(32, 2048)] = None
    """Pixels on a side of what the cache keeps; null is image_size × 8/7, which leaves room for augmentation."""
    val_fraction: Annotated[float, Bounds(0, 0.5, low_open=True)] = 0.15
    """Share of each class that validates, where no val folder is given."""
    test_fraction: Annotated[float, Bounds(0, 0.5, low_open=True)] = 0.15
    """Share of each class that is kept for one test of the winner, where no test folder is given."""
    folds: Annotated[int | None, Bounds(2, 20)] = None
    """Cross-validation: what is not kept for the test is cut into so many folds, and one of them validates."""
    fold: Annotated[int, Bounds(0, 19)] = 0
    """Which of the folds validates, from 0."""
    max_per_class: Annotated[int | None, Bounds(2, 1_000_000)] = None
    """Pictures of a class that are used at most, chosen by the seed; null is all."""
    near_duplicates: bool = True
    """Keep pictures that differ only by re-encoding or resizing on one side of the split."""
    copies_across_splits: CopiesAcrossSplits = CopiesAcrossSplits.refuse
    """What happens when a picture of one given split lies in another too, as the same file, re-encoded or resized."""
    on_unreadable: OnUnreadable = OnUnreadable.refuse
    """What happens when pictures cannot be read: all are listed either way."""
    max_megapixels: Annotated[float, Bounds(0, 10000, low_open=True)] = 100.0
    """A larger picture counts as unreadable: a few kilobytes can unpack to gigabytes."""
    recommended: Mapping[str, Any] = field(default_factory=dict)
    """The preset's own settings, which become the baseline."""

    @property
    def cache_size(self) -> int:
        """Pixels on a side of the pictures in the decoded cache."""
        return self.stored_size or round(self.image_size * 8 / 7)

    def __post_init__(self) -> None:
        check(self)
        for name in ("root", "name", "labels"):
            if getattr(self, name) == "":
                raise ConfigError(f"data.{name} is empty", f"give data.{name} a value, or leave it out")
        if self.cache_size < self.image_size:
            raise ConfigError(
                f"data.stored_size={self.stored_size} is smaller than data.image_size={self.image_size}",
                "store at least what the network sees, or leave data.stored_size=null",
            )
        if self.fold and self.fold >= (self.folds or 1):
            raise ConfigError(
                f"data.fold={self.fold} does not exist with data.folds={self.folds or 'null'}",
                f"allowed: 0 to {self.folds - 1}" if self.folds else "say how many folds there are: data.folds=5",
            )
        if self.extra_roots and (self.root is None or self.labels is not None):
            raise ConfigError("data.extra_roots adds to the class folders of data.root", "give data.root, and no data.labels")


@dataclass(kw_only=True, slots=True, frozen=True)
class OptimizerConfig(Part):
    """How the weights are moved."""

    name: OptimizerName = OptimizerName.adamw
    """The algorithm."""
    lr: Annotated[float, Bounds(0, 10, low_open=True)] = 1e-3
    """Learning rate of the head, at its highest."""
    backbone_lr_scale: Annotated[float, Bounds(0, 1, low_open=True)] = 1.0
    """The backbone learns at lr × this; 0.1 is the usual choice for fine-tuning."""
    weight_decay: Annotated[float, Bounds(0, 1)] = 1e-4
    """How strongly weights are drawn towards 0; biases and norm layers never are."""
    momentum: Annotated[float, Bounds(0, 1, high_open=True)] = 0.9
    """Of sgd: share of the last step that the next one keeps."""
    nesterov: bool = True
    """Of sgd: the gradient is taken where the momentum leads (Nesterov)."""


@dataclass(kw_only=True, slots=True, frozen=True)
class ScheduleConfig(Part):
    """How the learning rate changes in the course of a trial."""

    name: ScheduleName = ScheduleName.cosine
    """The curve after the warm-up."""
    warmup_epochs: Annotated[float, Bounds(0, 100)] = 2.0
    """The learning rate rises linearly over these epochs, at most a quarter of the trial."""
    patience: Annotated[int, Bounds(1, 1000)] = 5
    """Of plateau: epochs without a lower validation loss after which the rate is reduced."""
    factor: Annotated[float, Bounds(0, 1, low_open=True, high_open=True)] = 0.1
    """Of plateau: what the rate is multiplied by."""


@dataclass(kw_only=True, slots=True, frozen=True)
class FinetuneConfig(Part):
    """How much of a pretrained network learns, and when."""

    strategy: FinetuneStrategy = FinetuneStrategy.full
    """What learns: everything, the head alone, or the head and later the top of the backbone too."""
    frozen_share: Annotated[float, Bounds(0, 1, low_open=True, high_open=True)] = 0.3
    """Of gradual: share of the trial's epochs before the top blocks are unfrozen."""
    top_share: Annotated[float, Bounds(0, 1, low_open=True)] = 0.3
    """Of gradual: share of the backbone's blocks, from the top, that is unfrozen."""
    lr_scale: Annotated[float, Bounds(0, 1, low_open=True)] = 0.1
    """Of gradual: the unfrozen blocks learn at the backbone's rate × this."""


@dataclass(kw_only=True, slots=True, frozen=True)
class TrainConfig(Part):
    """One training run."""

    epochs: Annotated[int, Bounds(1, 1000)] = 40
    """Passes over the training pictures."""
    batch_size: Annotated[int, Bounds(2, 4096)] = 32
    """Pictures per step of the optimizer."""
    micro_batch: Annotated[int | Auto, Bounds(1, 4096)] = Auto.auto
    """Pictures that go through the network at once, gradients adding up; auto: as many of a batch as fit into memory."""
    precision: Precision = Precision.auto
    """Of the network's arithmetic."""
    label_smoothing: Annotated[float, Bounds(0, 1, high_open=True)] = 0.0
    """Share of a label that is spread over all classes."""
    class_weights: ClassWeights = ClassWeights.none
    """What a picture counts in the loss, by its class."""
    sampling: Sampling = Sampling.shuffled
    """Which pictures an epoch shows."""
    clip_norm: Annotated[float | None, Bounds(0, 1e6, low_open=True)] = None
    """Longest gradient, as the 2-norm over all parameters; a longer one is shortened to it. Null: no limit."""
    ema_decay: Annotated[float | None, Bounds(0, 1, low_open=True, high_open=True)] = None
    """Per step, of an exponential moving average of the weights, which then is what is validated and kept. Null: no average."""
    early_stopping: Annotated[int | None, Bounds(1, 1000)] = None
    """Epochs without a better objective after which a trial ends. Null: it runs to its end."""


@dataclass(kw_only=True, slots=True, frozen=True)
class AugmentConfig(Part):
    """One random affine map and one change of colour per picture and epoch; some pictures are mixed with another."""

    strength: Annotated[float, Bounds(0, 3)] = 1.0
    """Multiplies everything below but the flip."""
    flip: Annotated[float, Bounds(0, 1)] = 0.5
    """Probability of a horizontal flip."""
    rotation_deg: Annotated[float, Bounds(0, 180)] = 10.0
    """Largest angle, either way, in degrees."""
    shift: Annotated[float, Bounds(0, 0.5)] = 0.1
    """Largest move along each axis, either way, as a share of the side."""
    zoom: Annotated[float, Bounds(0, 0.9)] = 0.1
    """Scale is drawn from [1 - zoom, 1 + zoom]."""
    shear: Annotated[float, Bounds(0, 1)] = 0.0
    """Tangent of the shear angle, either way."""
    jitter: Annotated[float, Bounds(0, 1)] = 0.1
    """Brightness, contrast and saturation are each multiplied by a factor from [1 - jitter, 1 + jitter]."""
    mixup: Annotated[float, Bounds(0, 1)] = 0.0
    """Probability that a picture and its label are blended with another's."""
    cutmix: Annotated[float, Bounds(0, 1)] = 0.0
    """Probability that a rectangle of a picture, and that share of its label, is another's."""

    def __post_init__(self) -> None:
        check(self)
        if self.mixup + self.cutmix > 1:
            raise ConfigError(
                f"augment.mixup={self.mixup:g} and augment.cutmix={self.cutmix:g} are more than 1 together",
                "a picture is mixed in one way at most: lower one of them",
            )

    def scaled(self) -> AugmentConfig:
        """The same with `strength` multiplied in, as far as each field goes, and 1 itself."""
        ends = {"rotation_deg": 180.0, "shift": 0.5, "zoom": 0.9, "shear": 1.0, "jitter": 1.0}
        values = {name: min(getattr(self, name) * self.strength, end) for name, end in ends.items()}
        mixed = min(self.strength, 1 / (self.mixup + self.cutmix)) if self.mixup + self.cutmix else 1.0
        return replace(self, strength=1.0, mixup=self.mixup * mixed, cutmix=self.cutmix * mixed, **values)
