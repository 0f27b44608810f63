from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torchvision import models

from sweep.config import ModelConfig, ModelName
from sweep.models.network import build_model, dissect, measure_network
from sweep.models.torchvision_networks import ARCHITECTURES
from sweep.models.weights import ResolvedWeights, resolve_weights

NONE = ResolvedWeights("none")

TORCHVISIONS = {
    ModelName.mnv3_small: models.mobilenet_v3_small,
    ModelName.mnv3_large: models.mobilenet_v3_large,
    ModelName.mobilenet_v2: models.mobilenet_v2,
    ModelName.efficientnet_b0: models.efficientnet_b0,
    ModelName.resnet18: models.resnet18,
    ModelName.resnet50: models.resnet50,
    ModelName.vit_b16: models.vit_b_16,
}


def config(name, **settings):
    return ModelConfig(name=name, weights="none", **settings)


def on_meta(name, num_classes=3, image_size=32, **settings):
    with torch.device("meta"):
        return ARCHITECTURES[name].build(config(name, **settings), num_classes, image_size)


def last_layer(network):
    return [module for module in network.modules() if isinstance(module, nn.Linear)][-1]


@pytest.mark.parametrize(
    ("name", "parameters", "size_mb"),
    [
        (ModelName.mnv3_small, 2.5, 10),
        (ModelName.mnv3_large, 5.5, 22),
        (ModelName.mobilenet_v2, 3.5, 14),
        (ModelName.efficientnet_b0, 5.3, 20),
        (ModelName.resnet18, 11.7, 45),
        (ModelName.resnet50, 25.6, 98),  # of 2**20 bytes, as torchvision and many tables have it
        (ModelName.vit_b16, 86, 340),
    ],
)
def test_parameters_and_size_are_those_of_the_papers_networks(name, parameters, size_mb):
    size = measure_network(config(name), 1000, 224)
    assert size.parameters / 1e6 == pytest.approx(parameters, rel=0.02)
    assert size.size_mb == pytest.approx(size_mb, rel=0.07)


def test_the_size_is_that_of_the_network_as_it_is_built():
    network = build_model(config(ModelName.mnv3_small), 7, 64, NONE, seed=0)
    tensors = network.state_dict().values()
    num_bytes = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    measured = measure_network(config(ModelName.mnv3_small), 7, 64)
    assert measured.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert measured.size_mb == num_bytes / 1e6
    assert f"{measured}" == "1.53 M parameters, 6.1 MB as fp32"


def test_memory_is_told_from_the_pictures_that_training_keeps():
    size = measure_network(config(ModelName.mnv3_small), 1000, 224)
    # measured on a CPU, in GiB
    assert size.training_gb(64) == pytest.approx(1.8, rel=0.2)
    assert size.training_gb(128) == pytest.approx(2.7, rel=0.2)
    at_128_px = measure_network(config(ModelName.mnv3_small), 1000, 128)
    assert at_128_px.picture_mb < size.picture_mb / 2


def test_a_transformer_is_smaller_for_smaller_pictures_by_its_positions():
    at_224, at_64 = (measure_network(config(ModelName.vit_b16), 10, size).parameters for size in (224, 64))
    assert at_224 - at_64 == (14**2 - 4**2) * 768


@pytest.mark.parametrize("name", ModelName)
def test_dropout_acts_right_before_the_last_layer_and_nowhere_else(name):
    network = on_meta(name, num_classes=7, dropout=0.3)
    last = last_layer(network)
    assert last.out_features == 7
    before = {}
    for head in network.modules():
        children = list(head.children())
        before |= dict(zip(children[1:], children, strict=False))
    assert isinstance(before[last], nn.Dropout)
    assert [module.p for module in network.modules() if isinstance(module, nn.Dropout) and module.p] == [0.3]


@pytest.mark.parametrize("name", ModelName)
def test_head_and_blocks_hold_every_parameter_once(name):
    network = on_meta(name)
    anatomy = dissect(config(name), network)
    held = [parameter for part in (anatomy.head, *anatomy.blocks) for parameter in part.parameters()]
    assert len(held) == len(set(held))
    loose = {key for key, parameter in network.named_parameters() if parameter not in set(held)}
    assert loose == ({"class_token", "encoder.pos_embedding"} if name is ModelName.vit_b16 else set())
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert set(norms) <= {module for block in anatomy.blocks for module in block.modules()}, "or one would never be frozen"
    assert last_layer(network) in set(anatomy.head.modules())


@pytest.mark.parametrize("name", ModelName)
def test_blocks_come_in_the_order_in_which_a_picture_meets_them(name):
    network = build_model(config(name), 3, 32, NONE, seed=0).eval()
    anatomy = dissect(config(name), network)
    met = []
    for part in (*anatomy.blocks, anatomy.head):
        part.register_forward_hook(lambda module, *_: met.append(module))
    network(torch.zeros(1, 3, 32, 32))
    assert met == [*anatomy.blocks, anatomy.head]
    assert len(anatomy.blocks) >= 10, "the top third of them must mean something"


@pytest.mark.parametrize("name", [name for name in ModelName if name.has_width])
def test_a_mobilenet_comes_in_other_widths(name):
    narrow, usual, wide = (measure_network(config(name, width_mult=width), 10, 32).parameters for width in (0.5, 1, 1.5))
    assert narrow < 0.6 * usual and wide > 1.5 * usual


def torchvisions_file(name, path):
    """A file such as torchvision publishes, for 4 classes and with other numbers; what is in it."""
    with torch.device("meta"):
        shapes = TORCHVISIONS[name](num_classes=4).state_dict()
    numbers = enumerate(shapes.items(), start=1)
    given = {key: torch.full(tensor.shape, number, dtype=tensor.dtype) for number, (key, tensor) in numbers}
    torch.save(given, path)
    return given


@pytest.mark.parametrize("name", ModelName)
def test_a_file_in_torchvisions_own_layout_fills_all_but_the_last_layer(name, tmp_path):
    given = torchvisions_file(name, tmp_path / "weights.pth")
    model = replace(config(name), weights=str(tmp_path / "weights.pth"))
    network = build_model(model, 4, 32, resolve_weights(model), seed=0)
    assert last_layer(network).weight.abs().max() < 1 and last_layer(network).bias.abs().max() < 1, "these are fresh"
    last = set(last_layer(network).parameters())
    others = {key for key, tensor in network.state_dict(keep_vars=True).items() if tensor not in last}
    for key in others - {"encoder.pos_embedding"}:
        assert torch.equal(network.state_dict()[key], given[key]), key
    (tmp_path / "weights.pth").unlink()  # pytest would keep up to 350 MB for three runs


def test_a_file_older_than_batchnorms_counter_is_loaded(tmp_path):
    given = torchvisions_file(ModelName.resnet18, tmp_path / "old.pth")
    torch.save({key: tensor for key, tensor in given.items() if not key.endswith("num_batches_tracked")}, tmp_path / "old.pth")
    model = replace(config(ModelName.resnet18), weights=str(tmp_path / "old.pth"))
    network = build_model(model, 4, 32, resolve_weights(model), seed=0)
    assert torch.equal(network.bn1.running_var, given["bn1.running_var"])
    assert network.bn1.num_batches_tracked == 0


def positions_at(image_size, tensors):
    model = config(ModelName.vit_b16)
    return ARCHITECTURES[ModelName.vit_b16].adapt(model, tensors, image_size)["encoder.pos_embedding"]


@pytest.mark.parametrize("image_size", [64, 96])
def test_a_transformers_positions_are_interpolated_to_the_pictures_size(image_size):
    """Of one that was trained on 64 pixels."""
    positions = torch.zeros(1, 17, 768)
    positions[0, 0] = 7.0
    row, column = torch.meshgrid(torch.arange(4.0), torch.arange(4.0), indexing="ij")
    positions[0, 1:, 0], positions[0, 1:, 1] = row.flatten(), column.flatten()
    found = positions_at(image_size, {"encoder.pos_embedding": positions})
    side = image_size // 16
    assert found.shape == (1, side**2 + 1, 768)
    assert torch.equal(found[:, 0], positions[:, 0]), "the class token has no place in the picture"
    rows, columns = (found[0, 1:, axis].reshape(side, side) for axis in (0, 1))
    assert (rows.diff(dim=0) > 0).all() and (columns.diff(dim=1) > 0).all()
    assert rows.diff(dim=1).abs().max() < 1e-5
    if side == 4:
        assert torch.equal(found, positions)


@pytest.mark.parametrize("shape", [(1, 16, 768), (17, 768), (2, 17, 768), (1, 0, 768)])
def test_positions_that_are_no_square_are_left_for_the_comparison_that_refuses_them(shape):
    positions = torch.zeros(shape)
    assert positions_at(96, {"encoder.pos_embedding": positions}) is positions


@pytest.mark.parametrize("name", ModelName)
def test_published_weights_are_torchvisions_and_named_by_their_hash(name):
    published = ARCHITECTURES[name].published(config(name))
    assert published.url.startswith("https://download.pytorch.org/models/")
    assert len(published.sha256_prefix) == 8 and published.sha256_prefix in published.url
