"""Which weights a network starts from: found once per study, then loaded by every trial from the same file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sweep.config import ModelConfig
from sweep.errors import WeightsError
from sweep.models.preprocessing import Preprocessing
from sweep.models.published import GIVE_A_FILE, obtain
from sweep.models.registry import architecture
from sweep.models.weights_file import file_sha256, read_metadata, read_weights

WORDS_FOR_WEIGHTS = ("auto", "imagenet", "none")
"""Anything else that `model.weights` may be is a file."""


@dataclass(frozen=True, slots=True)
class ResolvedWeights:
    """The answer to `model.weights`, the same for every trial of a study."""

    source: str
    """`imagenet` (of a network of timm's, what timm calls it), `none`, or the file's name."""
    path: str | None = None
    sha256: str | None = None
    """Of the file's bytes."""
    mean: tuple[float, float, float] | None = None
    """What the weights were trained with, per channel of pictures in [0, 1]; None without weights."""
    std: tuple[float, float, float] | None = None
    notice: str = ""
    """For the user, where the choice was not theirs."""

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> ResolvedWeights:
        """The inverse of `to_plain`, also after a way through JSON."""
        pairs = {name: tuple(plain[name]) if plain[name] else None for name in ("mean", "std")}
        return cls(**{**plain, **pairs})

    def to_plain(self) -> dict[str, Any]:
        return asdict(self)


def resolve_weights(model: ModelConfig) -> ResolvedWeights:
    """Finds what `model.weights` (`auto`, `imagenet`, `none` or a file) means for the network.

    Raises ConfigError when there is no such network, and WeightsError when a file is missing, damaged, unsafe or of
    another network, or published weights are asked for and cannot be had.
    """
    network = architecture(model)
    choice = model.weights
    if choice == "none":
        return ResolvedWeights("none")
    if choice not in ("auto", "imagenet"):
        path = Path(choice).expanduser().absolute()
        return _described(path.name, path, model)
    try:
        published = network.published(model)
        path = obtain(published)
    except WeightsError as error:
        if choice == "imagenet":
            raise
        notice = f"TRAINING FROM SCRATCH, with far lower accuracy on few pictures: {error.problem}; {error.remedy}"
        return ResolvedWeights("none", notice=notice)
    return _described(published.source, path, model)


def load_backbone(network: nn.Module, weights: ResolvedWeights, model: ModelConfig, image_size: int) -> None:
    """Copies the weights into `network`, all but the last layer, which always learns its own classes.

    Raises WeightsError when the file is not the one that was resolved.
    """
    if weights.path is None:
        return
    path = Path(weights.path)
    tensors = read_weights(path)
    if file_sha256(path) != weights.sha256:
        raise WeightsError(
            f"the weights file {path} changed since the study began", "restore it, or begin another: study.new=true"
        )
    network.load_state_dict(_fitting(tensors, path, model, image_size), strict=False)


def _described(source: str, path: Path, model: ModelConfig) -> ResolvedWeights:
    """The weights at `path`, read once to see that they are sound and fit."""
    network = architecture(model)
    _fitting(read_weights(path), path, model, network.native_size)
    # A file that does not say what it was trained with was trained as the published weights were: nearly all are.
    own = _written_preprocessing(path) or Preprocessing(0, network.mean, network.std)
    return ResolvedWeights(source, str(path), file_sha256(path), own.mean, own.std)


def _written_preprocessing(path: Path) -> Preprocessing | None:
    written = read_metadata(path).get("preprocessing")
    if not written:
        return None
    try:
        own = Preprocessing.from_plain(written)
        is_usable = all(map(math.isfinite, own.mean)) and all(0 < deviation < math.inf for deviation in own.std)
    except (KeyError, TypeError, ValueError, OverflowError):
        is_usable = False
    if not is_usable:
        raise WeightsError(
            f"the weights file {path} says that it was trained with {str(written)[:80]}, which is no preprocessing",
            "save it again with mean and std of three positive numbers each, or without",
        )
    return own


def _fitting(tensors: Mapping[str, Tensor], path: Path, model: ModelConfig, image_size: int) -> dict[str, Tensor]:
    """What of a file's tensors goes into the network, every one of its own name and shape.

    Raises WeightsError when some are missing or do not belong there.
    """
    kind = architecture(model)
    problem = f"the weights file {path} is of another network than {model.name}"
    with torch.device("meta"):
        network = kind.build(model, 2, image_size)
    try:
        adapted = kind.adapt(model, tensors, image_size)
    except ValueError as error:
        raise WeightsError(f"{problem}: {error}", GIVE_A_FILE) from error
    last_layers = tuple(f"{name}." for name in kind.last_layers(network))
    given = {name: tensor for name, tensor in adapted.items() if not name.startswith(last_layers)}
    wanted = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith(last_layers)}
    misfits = _misfits(given, wanted)
    if misfits:
        shown = "; ".join(sorted(misfits)[:3]) + (f"; and {len(misfits) - 3} more" if len(misfits) > 3 else "")
        raise WeightsError(f"{problem}: {shown}", GIVE_A_FILE)
    return given


def _misfits(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    # BatchNorm's counter of batches came with torch 0.4.1: older files lack it, and with a fixed momentum it counts for nothing.
    missing = [name for name in wanted.keys() - given.keys() if not name.endswith(".num_batches_tracked")]
    shapes = {name: (tuple(given[name].shape), tuple(wanted[name].shape)) for name in given.keys() & wanted.keys()}
    return [
        *(f"{name} is missing" for name in missing),
        *(f"{name} is unknown" for name in given.keys() - wanted.keys()),
        *(f"{name} is {has}, not {should}" for name, (has, should) in shapes.items() if has != should),
    ]
