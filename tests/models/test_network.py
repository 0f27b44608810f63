from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from sweep.config import ModelConfig, ModelName
from sweep.config.fields import to_plain
from sweep.errors import WeightsError
from sweep.models.network import build_model, load_classifier, save_classifier
from sweep.models.preprocessing import Preprocessing
from sweep.models.weights import ResolvedWeights, resolve_weights
from sweep.models.weights_file import read_weights, weights_sha256, write_weights

NONE = ResolvedWeights("none")
CONFIG = ModelConfig(name=ModelName.mnv3_small, weights="none", dropout=0.3, batchnorm_momentum=0.07)


def test_its_head_has_the_classes_and_the_dropout_and_every_batchnorm_the_momentum():
    network = build_model(CONFIG, 7, 224, NONE, seed=0)
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
    assert [module.p for module in network.modules() if isinstance(module, nn.Dropout)] == [0.3]
    momenta = [module.momentum for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert momenta == [0.07] * 34


def test_its_first_weights_depend_on_the_seed_alone():
    torch.manual_seed(0)
    first = weights_sha256(build_model(CONFIG, 3, 224, NONE, seed=5).state_dict())
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert weights_sha256(build_model(CONFIG, 3, 224, NONE, seed=5).state_dict()) == first
    assert torch.equal(torch.get_rng_state(), before), "the global stream is not used up"
    assert weights_sha256(build_model(CONFIG, 3, 224, NONE, seed=6).state_dict()) != first


def test_a_saved_classifier_needs_nothing_but_its_file(tmp_path):
    network = build_model(CONFIG, 2, 224, NONE, seed=0).eval()
    preprocessing = Preprocessing(32, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    path = tmp_path / "best.safetensors"
    channels_last = network.to(memory_format=torch.channels_last).state_dict()
    save_classifier(path, channels_last, model=CONFIG, preprocessing=preprocessing, classes=("a", "ß"))
    loaded = load_classifier(path)
    assert loaded.preprocessing == preprocessing
    assert loaded.classes == ("a", "ß")
    assert weights_sha256(loaded.network.state_dict()) == weights_sha256(network.state_dict())
    pictures = torch.rand(2, 3, 32, 32)
    assert torch.equal(loaded.network(pictures), network.to(memory_format=torch.contiguous_format)(pictures))


def test_weights_of_another_origin_are_no_classifier(tmp_path):
    write_weights(tmp_path / "w.safetensors", {"a": torch.zeros(1)}, {})
    with pytest.raises(WeightsError, match="does not say which network"):
        load_classifier(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": {"name": "resnet18"}},
        {"model": {"name": "no such network"}},
        {"model": []},
        {
            "model": {"library": "timm", "name": "test_vit"},
            "preprocessing": {"image_size": 10**7, "mean": [0] * 3, "std": [1] * 3},
        },
        {"classes": ["one"]},
        {"classes": 5},
        {"preprocessing": {"image_size": "large"}},
        {"preprocessing": {"image_size": 1e400, "mean": [0] * 3, "std": [1] * 3}},
        {"preprocessing": None},
    ],
)
def test_a_file_that_says_it_is_of_another_network_than_it_is_is_refused(tmp_path, wrong):
    network = build_model(CONFIG, 3, 32, NONE, seed=0)
    preprocessing = Preprocessing(32, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2))
    sound = {"model": to_plain(CONFIG), "classes": ["a", "b", "c"], "preprocessing": preprocessing.to_plain()}
    write_weights(tmp_path / "w.safetensors", network.state_dict(), sound | wrong)
    with pytest.raises(WeightsError, match="is not of the network that it says"):
        load_classifier(tmp_path / "w.safetensors")


def test_real_weights_fill_the_backbone_and_leave_the_head_fresh():
    folder = os.environ.get("SWEEP_WEIGHTS")
    if folder is None:
        pytest.skip("SWEEP_WEIGHTS does not name the folder of mobilenet_v3_small_imagenet.pth")
    path = Path(folder) / "mobilenet_v3_small_imagenet.pth"
    given = read_weights(path)
    network = build_model(CONFIG, 5, 224, resolve_weights(replace(CONFIG, weights=str(path))), seed=0)
    fresh = build_model(CONFIG, 5, 224, NONE, seed=0).state_dict()
    for name, tensor in network.state_dict().items():
        expected = fresh if name.startswith("classifier.3.") else given
        assert torch.equal(tensor, expected[name]), name
