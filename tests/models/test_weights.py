from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import pickle
import time
from dataclasses import replace

import pytest
import torch
from torchvision.models import mobilenet_v3_large

from sweep.config import ModelConfig, ModelName
from sweep.errors import WeightsError
from sweep.models.network import build_model, save_classifier
from sweep.models.preprocessing import IMAGENET_MEAN, Preprocessing
from sweep.models.torchvision_networks import ARCHITECTURES
from sweep.models.weights import ResolvedWeights, resolve_weights
from sweep.models.weights_file import write_weights

MODEL = ModelName.mnv3_small
CONFIG = ModelConfig(name=MODEL)


@pytest.fixture(scope="session")
def tensors():
    return build_model(CONFIG, 11, 224, ResolvedWeights("none"), seed=3).state_dict()


def loads(weights, tensors):
    """A network of 4 classes, started from `weights`, has the backbone of `tensors`."""
    network = build_model(CONFIG, 4, 224, weights, seed=0).state_dict()
    return all(torch.equal(network[name], tensor) for name, tensor in tensors.items() if not name.startswith("classifier.3."))


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
def test_a_file_is_loaded_whatever_its_classes_and_wrapping(tmp_path, tensors, wrapper):
    path = tmp_path / "weights.pth"
    torch.save({wrapper: tensors} if wrapper else tensors, path)
    weights = resolve_weights(replace(CONFIG, weights=str(path)))
    assert (weights.source, weights.path) == ("weights.pth", str(path))
    assert weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert weights.mean == IMAGENET_MEAN
    assert loads(weights, tensors)


def test_a_safetensors_file_brings_its_own_statistics(tmp_path, tensors):
    preprocessing = Preprocessing(32, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    path = tmp_path / "best.safetensors"
    save_classifier(path, tensors, model=CONFIG, preprocessing=preprocessing, classes=("x",) * 11)
    weights = resolve_weights(replace(CONFIG, weights=str(path)))
    assert (weights.mean, weights.std) == (preprocessing.mean, preprocessing.std)
    assert loads(weights, tensors)


def test_home_is_found(tmp_path, tensors, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_weights(tmp_path / "w.safetensors", tensors, {})
    assert resolve_weights(replace(CONFIG, weights="~/w.safetensors")).path == str(tmp_path / "w.safetensors")


def test_it_survives_the_way_through_json(tmp_path, tensors):
    write_weights(tmp_path / "w.safetensors", tensors, {})
    for weights in (ResolvedWeights("none"), resolve_weights(replace(CONFIG, weights=str(tmp_path / "w.safetensors")))):
        assert ResolvedWeights.from_plain(json.loads(json.dumps(weights.to_plain()))) == weights


class Canary:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_a_pickle_with_code_is_refused_and_never_run(tmp_path, tensors, write):
    write({**tensors, "extra": Canary(tmp_path / "canary")}, tmp_path / "weights.pt")
    with pytest.raises(WeightsError, match="holds Python objects, which could run code"):
        resolve_weights(replace(CONFIG, weights=str(tmp_path / "weights.pt")))
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights at all", "cut"])
def test_a_damaged_file_is_refused(tmp_path, tensors, suffix, content):
    path = tmp_path / f"weights{suffix}"
    if content == "cut":
        torch.save(tensors, path) if suffix == ".pth" else write_weights(path, tensors, {})
        content = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="damaged"):
        resolve_weights(replace(CONFIG, weights=str(path)))


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    (tmp_path / "folder.pth").mkdir()
    (tmp_path / "weights.h5").touch()
    torch.save([1, 2], tmp_path / "list.pth")
    expected = {
        "missing.pth": "does not exist",
        "folder.pth": "is a folder",
        "weights.h5": "of a kind that is not read",
        "list.pth": "other than named tensors",
    }
    for name, problem in expected.items():
        with pytest.raises(WeightsError, match=problem):
            resolve_weights(replace(CONFIG, weights=str(tmp_path / name)))


def test_another_networks_weights_are_refused_naming_what_does_not_fit(tmp_path, tensors):
    torch.save(mobilenet_v3_large(num_classes=4).state_dict(), tmp_path / "large.pth")
    with pytest.raises(WeightsError, match=r"another network than mnv3_small: .*features\..*more"):
        resolve_weights(replace(CONFIG, weights=str(tmp_path / "large.pth")))
    torch.save({**tensors, "features.0.0.weight": torch.zeros(16, 1, 3, 3)}, tmp_path / "grey.pth")
    with pytest.raises(WeightsError, match=r"features.0.0.weight is \(16, 1, 3, 3\), not \(16, 3, 3, 3\)"):
        resolve_weights(replace(CONFIG, weights=str(tmp_path / "grey.pth")))


def test_a_file_that_changed_since_is_refused(tmp_path, tensors):
    path = tmp_path / "weights.pth"
    torch.save(tensors, path)
    weights = resolve_weights(replace(CONFIG, weights=str(path)))
    torch.save({name: tensor * 2 for name, tensor in tensors.items()}, path)
    with pytest.raises(WeightsError, match="changed since"):
        build_model(CONFIG, 4, 224, weights, seed=0)


@pytest.fixture
def published(server, tensors, monkeypatch):
    """The tensors are on the server, and that is where ImageNet's weights come from. The file there."""
    content = io.BytesIO()
    torch.save(tensors, content)
    url = server.offer(content.getvalue())
    monkeypatch.setitem(ARCHITECTURES, MODEL, dataclasses.replace(ARCHITECTURES[MODEL], imagenet_url=url))
    return server.folder / url.rpartition("/")[2]


def test_imagenets_weights_are_downloaded_once_and_then_found_in_torchs_cache(server, published, tensors):
    weights = resolve_weights(replace(CONFIG, weights="auto"))
    assert (weights.source, weights.notice) == ("imagenet", "")
    assert loads(weights, tensors)
    server.stop()
    assert resolve_weights(replace(CONFIG, weights="imagenet")) == weights


def test_a_download_that_is_not_what_its_name_says_is_not_used(published):
    published.write_bytes(b"something else")
    with pytest.raises(WeightsError, match="invalid hash value"):
        resolve_weights(replace(CONFIG, weights="imagenet"))


def test_without_a_network_auto_trains_from_scratch_and_says_so_and_imagenet_refuses(server, published):
    server.stop()
    started = time.monotonic()
    weights = resolve_weights(replace(CONFIG, weights="auto"))
    assert (weights.source, weights.path) == ("none", None)
    assert "TRAINING FROM SCRATCH" in weights.notice
    assert "model.weights=/path/to/weights.pth" in weights.notice
    with pytest.raises(WeightsError, match=r"can they be downloaded.*model.weights=/path"):
        resolve_weights(replace(CONFIG, weights="imagenet"))
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("name", [name for name in ModelName if name.has_width])
def test_a_width_of_its_own_has_no_published_weights_and_auto_says_so(name, tmp_path):
    narrow = ModelConfig(name=name, width_mult=0.5)
    with pytest.raises(WeightsError, match=r"width_mult=0.5: .* at 1 only — .*width_mult=1, .*weights=none"):
        resolve_weights(replace(narrow, weights="imagenet"))
    weights = resolve_weights(narrow)
    assert (weights.source, weights.path) == ("none", None)
    assert "TRAINING FROM SCRATCH" in weights.notice and "width_mult=0.5" in weights.notice


def test_a_file_of_another_width_is_refused_and_one_of_the_same_is_loaded(tmp_path, tensors):
    narrow = replace(CONFIG, width_mult=0.5, weights=str(tmp_path / "w.safetensors"))
    write_weights(tmp_path / "w.safetensors", tensors, {})
    with pytest.raises(WeightsError, match="another network than mnv3_small: "):
        resolve_weights(narrow)
    same = build_model(narrow, 11, 224, ResolvedWeights("none"), seed=3).state_dict()
    write_weights(tmp_path / "w.safetensors", same, {})
    network = build_model(narrow, 4, 224, resolve_weights(narrow), seed=0).state_dict()
    assert torch.equal(network["features.0.0.weight"], same["features.0.0.weight"])
