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
    """Share of the pictures that are classified right."""
    macro_f1 = "macro_f1"
    """The mean of the classes' F1, in which rare classes count as much as frequent ones."""
    loss = "loss"
    """Cross-entropy; lower is better."""

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
    """Nothing is trained until they are repaired or removed."""
    skip = "skip"
    """The study goes on without them."""


class CopiesAcrossSplits(StrEnum):
    refuse = "refuse"
    """Nothing is trained until each picture is in one split only."""
    allow = "allow"
    """The study goes on and says so; what such pictures show is measured too well."""


class OptimizerName(StrEnum):
    adam = "adam"
    adamw = "adamw"
    sgd = "sgd"
    rmsprop = "rmsprop"


class ScheduleName(StrEnum):
    constant = "constant"
    """Stays where it is."""
    cosine = "cosine"
    """Falls along a cosine, to 0 at the end of the trial."""
    plateau = "plateau"
    """Falls by `factor` when validation no longer improves."""


class FinetuneStrategy(StrEnum):
    """How much of a pretrained network learns."""

    full = "full"
    """Everything."""
    frozen = "frozen"
    """The head alone."""
    gradual = "gradual"
    """The head alone at first, then the top blocks too."""


class ClassWeights(StrEnum):
    """What a picture counts in the loss."""

    none = "none"
    """All the same."""
    inverse = "inverse"
    """In inverse proportion to how frequent its class is."""


class Sampling(StrEnum):
    """Which pictures an epoch holds."""

    shuffled = "shuffled"
    """Each once."""
    balanced = "balanced"
    """As many, with equal shares for all classes: pictures of rare ones come several times, of frequent ones not all."""


class Precision(StrEnum):
    auto = "auto"
    """bf16 where a probe finds it clearly faster."""
    fp32 = "fp32"
    """32-bit floats throughout."""
    bf16 = "bf16"
    """bfloat16 where torch's autocast allows it; the weights stay fp32."""


class SamplerName(StrEnum):
    auto = "auto"
    """tpe under asha, gp under full."""
    tpe = "tpe"
    """Optuna's tree-structured Parzen estimator."""
    gp = "gp"
    """Optuna's Gaussian process; for up to some two hundred trials."""
    random = "random"
    """Uniformly at random."""
    qmc = "qmc"
    """A Sobol sequence, which fills the space evenly."""
    grid = "grid"
    """All choices and five points of each range, in a scattered order."""


class StrategyName(StrEnum):
    asha = "asha"
    """Trials pause at rungs, and the best of a rung are trained on."""
    full = "full"
    """Every one, to its end."""


class ExecutionName(StrEnum):
    inline = "inline"
    """The very process that searches, one trial at a time."""
    local = "local"
    """Worker processes on this machine, several trials at a time."""
