"""The words that a setting may be, where it is not a number."""

from __future__ import annotations

from enum import StrEnum


class Auto(StrEnum):
    """The program decides, once per study, and records what it found."""

    auto = "auto"


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


class Regime(StrEnum):
    """How many labelled pictures there are, as far as settings and the search space are concerned."""

    tiny = "tiny"
    small = "small"
    medium = "medium"
    large = "large"


class RegimeChoice(StrEnum):
    auto = "auto"
    tiny = "tiny"
    small = "small"
    medium = "medium"
    large = "large"


class Objective(StrEnum):
    """What trials are compared by, on the validation split."""

    accuracy = "accuracy"
    macro_f1 = "macro_f1"
    loss = "loss"

    def score(self, value: float) -> float:
        """`value` on a scale where higher is better."""
        return -value if self is Objective.loss else value


class ModelLibrary(StrEnum):
    torchvision = "torchvision"
    timm = "timm"


class ModelName(StrEnum):
    """torchvision's networks, by our names for them."""

    mnv3_small = "mnv3_small"
    mnv3_large = "mnv3_large"
    mobilenet_v2 = "mobilenet_v2"
    efficientnet_b0 = "efficientnet_b0"
    resnet18 = "resnet18"
    resnet50 = "resnet50"
    vit_b16 = "vit_b16"

    @property
    def has_width(self) -> bool:
        """The network comes in any width: a MobileNet."""
        return self in (ModelName.mnv3_small, ModelName.mnv3_large, ModelName.mobilenet_v2)


class OnUnreadable(StrEnum):
    refuse = "refuse"
    skip = "skip"


class OptimizerName(StrEnum):
    adam = "adam"
    adamw = "adamw"
    sgd = "sgd"
    rmsprop = "rmsprop"


class ScheduleName(StrEnum):
    constant = "constant"
    cosine = "cosine"
    plateau = "plateau"


class FinetuneStrategy(StrEnum):
    """How much of a pretrained network learns."""

    full = "full"
    frozen = "frozen"
    """The head alone."""
    gradual = "gradual"
    """The head alone at first, then the top blocks too."""


class ClassWeights(StrEnum):
    """What a picture counts in the loss."""

    none = "none"
    inverse = "inverse"
    """In inverse proportion to how frequent its class is."""


class Sampling(StrEnum):
    """Which pictures an epoch holds."""

    shuffled = "shuffled"
    """Each once."""
    balanced = "balanced"
    """As many, drawn with replacement such that every class is equally likely."""


class Precision(StrEnum):
    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    """bfloat16 where torch's autocast allows it; the weights stay fp32."""


class SamplerName(StrEnum):
    auto = "auto"
    tpe = "tpe"
    gp = "gp"
    random = "random"
    qmc = "qmc"
    grid = "grid"


class StrategyName(StrEnum):
    asha = "asha"
    full = "full"


class ExecutionName(StrEnum):
    inline = "inline"
    local = "local"
