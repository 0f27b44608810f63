from __future__ import annotations

import json
import sys

import huggingface_hub
import pytest
import timm
import torch
from torch import nn

from sweep.config import ModelConfig
from sweep.config.choices import ModelLibrary
from sweep.errors import ConfigError, WeightsError
from sweep.models.network import build_model, dissect, load_classifier, measure_network, save_classifier
from sweep.models.preprocessing import Preprocessing
from sweep.models.registry import architecture
from sweep.models.weights import ResolvedWeights, resolve_weights
from sweep.models.weights_file import weights_sha256, write_weights

NONE = ResolvedWeights("none")
HALF = (0.5, 0.5, 0.5)  # what timm's test networks were trained with


def config(name, **settings):
    return ModelConfig(library=ModelLibrary.timm, name=name, **{"weights": "none"} | settings)


def on_meta(name, image_size=160, **settings):
    with torch.device("meta"):
        return architecture(config(name)).build(config(name, **settings), 3, image_size)


@pytest.mark.parametrize("name", ["resnet10t", "resnet10t.c3_in1k"])
def test_a_network_is_named_as_timm_names_it_with_or_without_its_weights(name):
    assert measure_network(config(name), 1000, 224).parameters / 1e6 == pytest.approx(5.4, abs=0.05)  # as timm's card says


@pytest.mark.parametrize(
    ("name", "meant"),
    [("resnt10t", "did you mean resnet10t"), ("resnet10t.c3_in1", "did you mean resnet10t.c3_in1k"), ("net!", "list_models")],
)
def test_an_unknown_name_is_refused_naming_the_nearest(name, meant):
    with pytest.raises(ConfigError, match=f"is not a network of timm's — .*{meant}"):
        resolve_weights(config(name))


def test_a_name_never_leads_to_another_place(tmp_path):
    """timm itself would take each of these: from its hub, or from the folder."""
    description = {"architecture": "test_resnet", "pretrained_cfg": {}}
    (tmp_path / "config.json").write_text(json.dumps(description))
    assert timm.create_model(f"local-dir:{tmp_path}").num_classes == 1000
    for name in (f"local-dir:{tmp_path}", str(tmp_path), "hf-hub:timm/resnet10t.c3_in1k", "timm/resnet10t.c3_in1k"):
        with pytest.raises(ConfigError, match="is not a network of timm's"):
            build_model(config(name), 3, 32, NONE, seed=0)


def test_without_timm_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    monkeypatch.delitem(sys.modules, "sweep.models.timm_networks")
    with pytest.raises(ConfigError, match=r"^model=timm needs timm — pip install 'sweep\[timm\]'$"):
        resolve_weights(config("test_resnet"))


def test_an_encoder_without_a_classifier_is_refused():
    with pytest.raises(ConfigError, match="qwen3_vit_88m_enc is an encoder without a classifier"):
        on_meta("qwen3_vit_88m_enc", 224)


def test_dropout_acts_and_every_batchnorm_has_the_momentum():
    pictures = torch.rand(4, 3, 32, 32)
    outputs = {}
    for dropout in (0.0, 0.5):
        model = config("test_resnet", dropout=dropout, batchnorm_momentum=0.07)
        network = build_model(model, 7, 32, NONE, seed=0).train()
        assert {module.momentum for module in network.modules() if isinstance(module, nn.BatchNorm2d)} == {0.07}
        outputs[dropout] = [network(pictures) for _ in range(2)]
    assert outputs[0.0][0].shape == (4, 7)
    assert torch.equal(*outputs[0.0])
    assert not torch.equal(*outputs[0.5])


LOOSE = {"test_vit": {"cls_token", "pos_embed"}, "deit_tiny_distilled_patch16_224": {"cls_token", "dist_token", "pos_embed"}}
FAMILIES = ("test_resnet", "test_vit", "test_convnext", "test_efficientnet", "deit_tiny_distilled_patch16_224", "levit_128s")


@pytest.mark.parametrize("name", FAMILIES)
def test_head_and_blocks_hold_every_parameter_once(name):
    network = on_meta(name, 224)
    anatomy = dissect(config(name), network)
    held = [parameter for part in (anatomy.head, *anatomy.blocks) for parameter in part.parameters()]
    assert len(held) == len(set(held))
    assert {key for key, parameter in network.named_parameters() if parameter not in set(held)} == LOOSE.get(name, set())
    assert {parameter.shape[0] for parameter in anatomy.head.parameters() if parameter.ndim == 2} == {3}
    assert len(anatomy.blocks) >= 4


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_convnext", "test_efficientnet"])
def test_blocks_come_in_the_order_in_which_a_picture_meets_them(name):
    network = build_model(config(name), 3, 64, NONE, seed=0).eval()
    anatomy = dissect(config(name), network)
    met = []
    for part in (*anatomy.blocks, anatomy.head):
        part.register_forward_hook(lambda module, *_: met.append(module))
    network(torch.zeros(1, 3, 64, 64))
    assert met == [*anatomy.blocks, anatomy.head]


def test_a_network_made_for_one_size_is_built_for_the_pictures():
    network = build_model(config("test_vit"), 3, 64, NONE, seed=0)
    assert network.pos_embed.shape[1] == (64 // 16) ** 2 + 1
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 3)


@pytest.mark.parametrize(("name", "size"), [("test_coatnet", 100), ("efficientformer_l1", 128), ("test_vit", 72)])
def test_a_size_that_the_network_does_not_take_is_refused_before_anything_is_trained(name, size):
    with pytest.raises(ConfigError, match=rf"data.image_size={size}.* — data.image_size=\d+ is what it was made for"):
        measure_network(config(name), 3, size)


def test_a_saved_classifier_is_loaded_again(tmp_path):
    network = build_model(config("test_vit"), 2, 64, NONE, seed=0).eval()
    path = tmp_path / "best.safetensors"
    preprocessing = Preprocessing(64, HALF, HALF)
    save_classifier(path, network.state_dict(), model=config("test_vit"), preprocessing=preprocessing, classes=("a", "b"))
    pictures = torch.rand(2, 3, 64, 64)
    assert torch.equal(load_classifier(path).network(pictures), network(pictures))


def tensors_of(name, num_classes=5, image_size=160):
    with torch.random.fork_rng():
        torch.manual_seed(9)
        network = timm.create_model(name, num_classes=num_classes, **{"img_size": image_size} if "vit" in name else {})
        for parameter in network.parameters():
            nn.init.normal_(parameter)
    return network.state_dict()


def test_a_file_fills_all_but_the_last_layer_and_fits_pictures_of_another_size(tmp_path):
    path = tmp_path / "weights.safetensors"
    given = tensors_of("test_vit")
    write_weights(path, given, {})
    model = config("test_vit", weights=str(path))
    weights = resolve_weights(model)
    assert (weights.mean, weights.std) == (HALF, HALF)
    before = torch.get_rng_state()
    network = build_model(model, 3, 64, weights, seed=0).state_dict()
    assert torch.equal(torch.get_rng_state(), before), "the global stream is not used up"
    assert network["pos_embed"].shape == (1, 17, 64)
    assert torch.equal(network["pos_embed"][:, 0], given["pos_embed"][:, 0])
    for key in network.keys() - {"pos_embed", "head.weight", "head.bias"}:
        assert torch.equal(network[key], given[key]), key
    fresh = build_model(config("test_vit"), 3, 64, NONE, seed=0).state_dict()
    assert torch.equal(network["head.weight"], fresh["head.weight"])
    assert weights_sha256(build_model(model, 3, 64, weights, seed=0).state_dict()) == weights_sha256(network)
    assert weights_sha256(build_model(model, 3, 64, weights, seed=1).state_dict()) != weights_sha256(network)


def test_a_file_without_a_last_layer_is_as_good(tmp_path):
    given = {key: tensor for key, tensor in tensors_of("test_resnet").items() if not key.startswith("fc.")}
    write_weights(tmp_path / "w.safetensors", given, {})
    model = config("test_resnet", weights=str(tmp_path / "w.safetensors"))
    network = build_model(model, 3, 32, resolve_weights(model), seed=0).state_dict()
    assert all(torch.equal(network[key], tensor) for key, tensor in given.items())


@pytest.mark.parametrize("change", ["another network", "a missing layer", "another shape"])
def test_a_file_of_another_network_is_refused(tmp_path, change):
    tensors = tensors_of("test_efficientnet" if change == "another network" else "test_resnet")
    if change == "a missing layer":
        del tensors["layer1.0.conv1.weight"]
    if change == "another shape":
        tensors["layer1.0.conv1.weight"] = torch.zeros(2, 2)
    write_weights(tmp_path / "w.safetensors", tensors, {})
    with pytest.raises(WeightsError, match=r"is of another network than test_resnet: .*conv1") as raised:
        resolve_weights(config("test_resnet", weights=str(tmp_path / "w.safetensors")))
    assert len(str(raised.value)) < 600


@pytest.fixture
def hub(server, tmp_path, monkeypatch):
    """Hugging Face's hub is the server on loopback, and its cache is empty. The folder from which the server serves."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    template = server.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    place = server.folder / "timm" / "test_resnet.r160_in1k" / "resolve" / "main"
    place.mkdir(parents=True)
    return place


def loads(weights, given):
    network = build_model(config("test_resnet"), 3, 32, weights, seed=0).state_dict()
    return all(torch.equal(network[key], tensor) for key, tensor in given.items() if not key.startswith("fc."))


def test_published_weights_are_downloaded_once_and_then_found_in_torchs_cache(hub, server):
    given = tensors_of("test_resnet", num_classes=1000)
    write_weights(hub / "model.safetensors", given, {})
    weights = resolve_weights(config("test_resnet", weights="auto"))
    assert (weights.source, weights.mean, weights.notice) == ("test_resnet.r160_in1k", HALF, "")
    assert loads(weights, given)
    server.stop()
    assert resolve_weights(config("test_resnet.r160_in1k", weights="imagenet")) == weights


def test_weights_that_another_program_downloaded_are_found_in_the_hubs_cache(hub, server, tmp_path):
    server.stop()
    repository = tmp_path / "hub" / "models--timm--test_resnet.r160_in1k"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("c0ffee")
    (repository / "snapshots" / "c0ffee").mkdir(parents=True)
    given = tensors_of("test_resnet", num_classes=1000)
    write_weights(repository / "snapshots" / "c0ffee" / "model.safetensors", given, {})
    weights = resolve_weights(config("test_resnet", weights="imagenet"))
    assert weights.path.startswith(str(repository))
    assert loads(weights, given)


def test_a_download_that_broke_off_is_not_kept(hub):
    given = tensors_of("test_resnet", num_classes=1000)
    write_weights(hub / "model.safetensors", given, {})
    whole = (hub / "model.safetensors").read_bytes()
    (hub / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match="nor can they be downloaded .*damaged"):
        resolve_weights(config("test_resnet", weights="imagenet"))
    (hub / "model.safetensors").write_bytes(whole)
    assert loads(resolve_weights(config("test_resnet", weights="imagenet")), given)


def test_weights_that_are_not_published_are_refused_and_auto_does_without_them():
    with pytest.raises(WeightsError, match="no pretrained weights for lcnet_035"):
        resolve_weights(config("lcnet_035", weights="imagenet"))
    weights = resolve_weights(config("lcnet_035", weights="auto"))
    assert weights.source == "none"
    assert "TRAINING FROM SCRATCH" in weights.notice and "lcnet_035" in weights.notice
