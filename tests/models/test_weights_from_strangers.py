"""A weights file that somebody handed over runs nothing and breaks nothing, whatever is in it."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from sweep.config import ModelConfig, ModelName
from sweep.errors import WeightsError
from sweep.models.weights import resolve_weights
from sweep.models.weights_file import read_metadata, write_weights

CONFIG = ModelConfig(name=ModelName.mnv3_small)


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.path),))


def save_zip(value: object, path: Path) -> None:
    torch.save(value, path)


def save_pickle(value: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(value))


def save_legacy(value: object, path: Path) -> None:
    torch.save(value, path, _use_new_zipfile_serialization=False)


def save_tar(value: object, path: Path) -> None:
    """torch's format of 2016."""
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            content = pickle.dumps(value)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def save_script(value: object, path: Path) -> None:
    """As TorchScript saves programs, with a pickle of ours for its data."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/constants.pkl", pickle.dumps(value))
        archive.writestr("archive/data.pkl", pickle.dumps(value))
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/code/__torch__.py", "")


WRITERS = [save_zip, save_pickle, save_legacy, save_tar, save_script]


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
@pytest.mark.parametrize("save", WRITERS)
def test_code_in_a_weights_file_is_not_run_whatever_its_form_and_name(
    tmp_path: Path, save: Callable[[object, Path], None], suffix: str
) -> None:
    path = tmp_path / f"weights{suffix}"
    save({"features.0.0.weight": Canary(tmp_path / "canary")}, path)
    with pytest.raises(WeightsError, match=str(path)):
        resolve_weights(replace(CONFIG, weights=str(path)))
    assert not (tmp_path / "canary").exists()
    pickle.loads(pickle.dumps(Canary(tmp_path / "canary")))
    assert (tmp_path / "canary").exists(), "the canary is one that would sing"


def header(text: bytes, size: int | None = None) -> bytes:
    return struct.pack("<Q", len(text) if size is None else size) + text


EIGHT_BYTES = b'"dtype":"F32","shape":[2],"data_offsets":[0,8]'
DEEP = b'{"__metadata__":' + b'{"a":' * 100_000


@pytest.mark.parametrize(
    "content",
    [
        header(b"{}", 2**63),
        header(b"{}", 2**64 - 1),
        header(b"{}", 99_999_999),
        header(DEEP),
        header(b"[1]"),
        header(b'{"x":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}') + bytes(8),
        header(b'{"x":{%b},"y":{%b}}' % (EIGHT_BYTES, EIGHT_BYTES)) + bytes(8),
        header(b'{"x":{"dtype":"F6_E3M2","shape":[4],"data_offsets":[0,3]}}') + bytes(3),
        header(b"\xff\xfe"),
    ],
    ids=["2**63", "2**64-1", "100 MB", "deep", "a list", "4 TB", "one place twice", "an unknown type", "no text"],
)
def test_a_header_that_promises_too_much_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="damaged"):
        resolve_weights(replace(CONFIG, weights=str(path)))


@pytest.mark.parametrize("text", ["[" * 100_000, "[1]", "3", "not JSON", '"text"'])
def test_metadata_that_is_not_ours_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    content = json.dumps({"__metadata__": {"sweep": text}, "x": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
    path = tmp_path / "weights.safetensors"
    path.write_bytes(header(content) + b"1")
    with pytest.raises(WeightsError, match="says of itself what cannot be read"):
        read_metadata(path)


@pytest.mark.parametrize(
    "written",
    [
        {"image_size": 32},
        {"image_size": 32, "mean": [0, 0], "std": [1, 1, 1]},
        {"image_size": 32, "mean": ["a", 0, 0], "std": [1, 1, 1]},
        {"image_size": 32, "mean": [0, 0, 0], "std": [0, 1, 1]},
        {"image_size": 32, "mean": [float("nan"), 0, 0], "std": [1, 1, 1]},
        {"image_size": 1e400, "mean": [0, 0, 0], "std": [1, 1, 1]},
        ["mean"],
        7,
    ],
    ids=str,
)
def test_preprocessing_that_no_training_had_is_refused(tmp_path: Path, tensors: dict[str, torch.Tensor], written: Any) -> None:
    path = tmp_path / "weights.safetensors"
    write_weights(path, tensors, {"preprocessing": written})
    with pytest.raises(WeightsError, match="no preprocessing"):
        resolve_weights(replace(CONFIG, weights=str(path)))


@pytest.fixture(scope="session")
def tensors() -> dict[str, torch.Tensor]:
    from sweep.models.network import build_model
    from sweep.models.weights import ResolvedWeights

    return dict(build_model(CONFIG, 2, 64, ResolvedWeights("none"), seed=3).state_dict())


@pytest.mark.parametrize("kind", ["sparse", "meta"])
def test_a_tensor_without_its_numbers_is_refused(tmp_path: Path, tensors: dict[str, torch.Tensor], kind: str) -> None:
    shape = tensors["features.0.0.weight"].shape
    strange = torch.zeros(shape).to_sparse() if kind == "sparse" else torch.empty(shape, device="meta")
    torch.save({**tensors, "features.0.0.weight": strange}, tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match="other than named tensors"):
        resolve_weights(replace(CONFIG, weights=str(tmp_path / "weights.pth")))


def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pth")
    (tmp_path / "zeros.pth").symlink_to("/dev/zero")
    for name in ("pipe.pth", "zeros.pth"):
        with pytest.raises(WeightsError, match=name):
            resolve_weights(replace(CONFIG, weights=str(tmp_path / name)))


def test_a_pickle_nested_beyond_reason_is_refused(tmp_path: Path) -> None:
    depth = 10 * sys.getrecursionlimit()
    (tmp_path / "deep.pth").write_bytes(b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b".")
    with pytest.raises(WeightsError, match=r"deep\.pth"):
        resolve_weights(replace(CONFIG, weights=str(tmp_path / "deep.pth")))
