"""Which weights a network starts from: found once per study, then loaded by every trial from the same file."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sweep.config import ModelConfig
from sweep.errors import WeightsError
from sweep.models.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from sweep.models.registry import architecture
from sweep.models.weights_file import file_sha256, read_metadata, read_weights

_CONNECT_TIMEOUT_S = 5.0
_GIVE_A_FILE = "give a file: model.weights=/path/to/weights.pth, or train from scratch: model.weights=none"


WORDS_FOR_WEIGHTS = ("auto", "imagenet", "none")
"""Anything else that `model.weights` may be is a file."""


@dataclass(frozen=True, slots=True)
class ResolvedWeights:
    """The answer to `model.weights`, the same for every trial of a study."""

    source: str
    """`imagenet`, `none`, or the file's name."""
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

    Raises WeightsError when a file is missing, damaged, unsafe or of another network, or ImageNet's weights are asked for
    and cannot be had.
    """
    choice = model.weights
    if choice == "none":
        return ResolvedWeights("none")
    if choice in ("auto", "imagenet"):
        return _imagenet(model, is_required=choice == "imagenet")
    path = Path(choice).expanduser().absolute()
    return _described(path.name, path, model)


def load_backbone(network: torch.nn.Module, weights: ResolvedWeights, model: ModelConfig) -> None:
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
    head = architecture(model).last_layer + "."
    network.load_state_dict({name: tensor for name, tensor in tensors.items() if not name.startswith(head)}, strict=False)


def _imagenet(model: ModelConfig, is_required: bool) -> ResolvedWeights:
    url = architecture(model).imagenet_url
    name = url.rpartition("/")[2]
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    prefix = Path(name).stem.rpartition("-")[2]
    try:
        if not (path.is_file() and file_sha256(path).startswith(prefix)):
            _download(url, path, prefix)
    except (OSError, HTTPException, RuntimeError) as error:
        problem = f"ImageNet's weights are neither at {path} nor can they be downloaded ({error})"
        if is_required:
            raise WeightsError(problem, _GIVE_A_FILE) from error
        return ResolvedWeights(
            "none", notice=f"TRAINING FROM SCRATCH, with far lower accuracy on few pictures: {problem}; {_GIVE_A_FILE}"
        )
    return _described("imagenet", path, model)


def _download(url: str, path: Path, sha256_prefix: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _socket_timeout(_CONNECT_TIMEOUT_S):  # torch.hub sets none: without a network it would wait for minutes
        torch.hub.download_url_to_file(url, str(path), hash_prefix=sha256_prefix, progress=False)


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _described(source: str, path: Path, model: ModelConfig) -> ResolvedWeights:
    """The weights at `path`, read once to see that they are sound and fit."""
    _check_fit(read_weights(path), path, model)
    written = read_metadata(path).get("preprocessing")
    # A file that does not say what it was trained with comes from ImageNet, as nearly all do.
    own = Preprocessing.from_plain(written) if written else Preprocessing(0, IMAGENET_MEAN, IMAGENET_STD)
    return ResolvedWeights(source, str(path), file_sha256(path), own.mean, own.std)


def _check_fit(tensors: Mapping[str, Tensor], path: Path, model: ModelConfig) -> None:
    parts = architecture(model)
    with torch.device("meta"):
        expected = parts.build(model, 2, 224).state_dict()
    head = parts.last_layer + "."
    wanted = {name: tuple(tensor.shape) for name, tensor in expected.items() if not name.startswith(head)}
    given = {name: tuple(tensor.shape) for name, tensor in tensors.items() if not name.startswith(head)}
    misfits = [f"{name} is missing" for name in wanted.keys() - given.keys()]
    misfits += [f"{name} is unknown" for name in given.keys() - wanted.keys()]
    misfits += [
        f"{name} is {given[name]}, not {wanted[name]}" for name in wanted.keys() & given.keys() if given[name] != wanted[name]
    ]
    if misfits:
        shown = "; ".join(sorted(misfits)[:3]) + (f"; and {len(misfits) - 3} more" if len(misfits) > 3 else "")
        raise WeightsError(f"the weights file {path} is of another network than {model.name}: {shown}", _GIVE_A_FILE)
