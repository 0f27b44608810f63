"""Files of weights: read without ever running what is inside, and written with what is needed to use them."""

from __future__ import annotations

import hashlib
import json
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors
from torch import Tensor

from sweep.errors import WeightsError
from sweep.journal.files import write_atomic

MAX_HEADER_BYTES = 100_000_000
"""As many as safetensors itself reads."""
SUFFIXES = (".pth", ".pt", ".safetensors")
_REMEDY = "give a state dict saved by torch.save (.pth, .pt) or safetensors (.safetensors)"


def read_weights(path: Path) -> dict[str, Tensor]:
    """The named tensors in a file, on the CPU.

    Raises WeightsError when there is no such file, it is damaged, or it holds anything but tensors.
    """
    if path.suffix not in SUFFIXES:
        raise WeightsError(f"the weights file {path} is of a kind that is not read here", _REMEDY)
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise WeightsError(f"the weights file {path} {kind}", _REMEDY)
    found = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    for wrapper in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
    if not isinstance(found, Mapping) or not found or not all(map(_is_plain, found.values())):
        raise WeightsError(f"the weights file {path} holds something other than named tensors", _REMEDY)
    return dict(found)


def read_metadata(path: Path) -> dict[str, Any]:
    """What `write_weights` wrote beside the tensors; empty for a file of another origin or kind.

    Raises WeightsError when what stands there is not what `write_weights` writes.
    """
    if path.suffix != ".safetensors":
        return {}
    try:
        with open(path, "rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(size, MAX_HEADER_BYTES)))
        sweep = json.loads(header.get("__metadata__", {}).get("sweep", "{}"))
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise _of_another_origin(path) from error
    if not isinstance(sweep, dict):
        raise _of_another_origin(path)
    return sweep


def _of_another_origin(path: Path) -> WeightsError:
    return WeightsError(f"the weights file {path} says of itself what cannot be read", "save it again without that metadata")


def write_weights(path: Path, weights: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Writes a .safetensors file with `metadata` (JSON) in its header; the old file stays whole until the new one is.

    Raises OSError.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    write_atomic(path, save_safetensors(tensors, {"sweep": json.dumps(metadata)}))


def weights_sha256(weights: Mapping[str, Tensor]) -> str:
    """A hash of names, types, shapes and values: equal for equal weights, whatever file or memory format holds them."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_plain(tensor: Any) -> bool:
    """A tensor with its numbers in memory: a file may also hold sparse ones, or shapes without numbers."""
    return isinstance(tensor, Tensor) and tensor.layout is torch.strided and tensor.device.type == "cpu"


def _read_safetensors(path: Path) -> Any:
    try:
        return load_safetensors(path.read_bytes())
    except MemoryError as error:
        raise WeightsError(f"the weights file {path} does not fit into memory", _REMEDY) from error
    except (SafetensorError, ValueError, KeyError) as error:  # the latter two: types that torch does not have
        raise WeightsError(f"the weights file {path} is damaged ({error})", "download or copy it again") from error


def _read_torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # of pickle's protocol; what matters is said below
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        problem = f"the weights file {path} holds Python objects, which could run code when loaded, or is damaged"
        raise WeightsError(problem, _REMEDY) from error
    except Exception as error:  # what a damaged archive raises is anyone's guess
        raise WeightsError(f"the weights file {path} is damaged", "download or copy it again") from error
