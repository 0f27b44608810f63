from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from sweep.config import (
    Config,
    DataConfig,
    FinetuneConfig,
    FinetuneStrategy,
    ModelConfig,
    ModelLibrary,
    ModelName,
    OptimizerConfig,
    OptimizerName,
    TrainConfig,
)
from sweep.data.index import Split
from sweep.models.network import build_model
from sweep.models.registry import architecture
from sweep.models.weights import ResolvedWeights
from sweep.training.finetune import Finetuning
from sweep.training.loop import Training

MODEL = ModelConfig(name=ModelName.mnv3_small)
FROZEN = FinetuneConfig(strategy=FinetuneStrategy.frozen)
GRADUAL = FinetuneConfig(strategy=FinetuneStrategy.gradual)


@pytest.fixture
def few(dataset):
    """16 pictures to train, so that an epoch is one step."""
    return dataclasses.replace(dataset, splits={**dataset.splits, Split.train: np.arange(16)})


def moved(training, before):
    """The names of the parameters and buffers that are not what they were."""
    return {name for name, tensor in training.network.state_dict().items() if not torch.equal(tensor, before[name])}


def state(training):
    return {name: tensor.clone() for name, tensor in training.network.state_dict().items()}


def test_a_frozen_backbone_and_its_statistics_stay_and_the_head_learns(make_setup, few):
    training = Training(make_setup(model=MODEL, finetune=FROZEN), few)
    before = state(training)
    training.run_epoch()
    assert moved(training, before) == {name for name in before if name.startswith("classifier.")}
    assert all(parameter.grad is None for parameter in training.network.features.parameters())


def test_the_backward_pass_ends_at_the_head_and_dropout_there_goes_on(make_setup, dataset):
    training = Training(make_setup(model=MODEL, finetune=FROZEN), dataset)
    training.finetuning.begin(1)
    network = training.network
    assert network.features(torch.rand(2, 3, 32, 32)).grad_fn is None
    assert not any(module.training for module in network.features.modules())
    assert all(module.training for module in network.classifier.modules())
    assert network.training, "networks that drop features by a function ask this one"


def test_gradual_unfreezes_the_top_blocks_when_it_says(make_setup, few):
    setup = make_setup(model=MODEL, finetune=GRADUAL, train=TrainConfig(epochs=2, batch_size=16))
    training = Training(setup, few)
    start = state(training)
    training.run_epoch()
    assert moved(training, start) == {name for name in start if name.startswith("classifier.")}
    halfway = state(training)
    training.run_epoch()
    top = tuple(f"features.{index}." for index in (9, 10, 11, 12))  # of 13 blocks, rounded up
    unfrozen = {name for name in start if name.startswith(("classifier.", *top))}
    assert moved(training, halfway) == unfrozen


@pytest.mark.parametrize(("epochs", "share", "expected"), [(10, 0.3, 3), (10, 0.01, 1), (10, 0.99, 9), (2, 0.9, 1), (1, 0.5, 1)])
def test_gradual_has_at_least_one_epoch_of_each_kind(epochs, share, expected):
    config = Config(
        model=MODEL,
        data=DataConfig(),
        train=TrainConfig(epochs=epochs),
        finetune=FinetuneConfig(strategy=FinetuneStrategy.gradual, frozen_share=share),
    )
    finetuning = finetuning_of(config)
    modules = [len(finetuning.learning(epoch)) for epoch in range(1, epochs + 1)]
    assert modules == [1] * expected + [1 + 4] * (epochs - expected)


def finetuning_of(config):
    with torch.device("meta"):
        return Finetuning(config, architecture(config.model).build(config.model, 5, config.data.image_size))


@pytest.mark.parametrize(("share", "expected"), [(0.01, 1), (1 / 13, 1), (0.5, 7), (1.0, 13)])
def test_the_share_of_the_blocks_is_rounded_up(share, expected):
    gradual = FinetuneConfig(strategy=FinetuneStrategy.gradual, top_share=share)
    config = Config(model=MODEL, data=DataConfig(), train=TrainConfig(epochs=2), finetune=gradual)
    assert len(finetuning_of(config).learning(2)) == 1 + expected


@pytest.mark.parametrize("name", ModelName)
def test_of_every_network_head_and_backbone_are_the_whole(name):
    config = Config(model=ModelConfig(name=name), data=DataConfig())
    finetuning = finetuning_of(config)
    (network,) = finetuning.learning(1)
    learning = [*finetuning.head, *finetuning.backbone]
    assert len(learning) == len(set(learning))
    assert set(learning) == set(network.parameters())
    assert finetuning.head


@pytest.mark.parametrize("name", ModelName)
@pytest.mark.parametrize("strategy", [FinetuneStrategy.frozen, FinetuneStrategy.gradual])
def test_of_every_network_the_optimizer_knows_what_learns_at_some_time(name, strategy):
    config = Config(model=ModelConfig(name=name), data=DataConfig(), finetune=FinetuneConfig(strategy=strategy))
    finetuning = finetuning_of(config)
    finetuning.begin(config.train.epochs)
    network = finetuning._network
    assert {p for p in network.parameters() if p.requires_grad} == {*finetuning.head, *finetuning.backbone}
    assert bool(finetuning.backbone) == (strategy is FinetuneStrategy.gradual)


@pytest.mark.parametrize(
    ("strategy", "backbone_lr_scale", "lr_scale", "expected"),
    [(FinetuneStrategy.full, 0.1, 0.3, 0.1), (FinetuneStrategy.gradual, 0.5, 0.1, 0.05)],
)
def test_the_backbone_learns_at_its_own_rate(make_setup, dataset, plain_network, strategy, backbone_lr_scale, lr_scale, expected):
    """Plain gradient descent, one step per epoch: it is as long as the rate."""

    def steps(backbone_lr_scale, lr_scale):
        setup = make_setup(
            model=MODEL,
            optimizer=OptimizerConfig(name=OptimizerName.sgd, momentum=0.0, backbone_lr_scale=backbone_lr_scale),
            finetune=FinetuneConfig(strategy=strategy, lr_scale=lr_scale),
            train=TrainConfig(epochs=2, batch_size=64),
        )
        training = Training(setup, dataset)
        before = state(training)
        while not moved(training, before) >= {"0.weight"}:
            training.run_epoch()
        return [training.network.state_dict()[name] - before[name] for name in ("0.weight", "3.weight")]

    (backbone, head), (full_backbone, full_head) = steps(backbone_lr_scale, lr_scale), steps(1.0, 1.0)
    assert torch.allclose(backbone, full_backbone * expected, rtol=1e-2, atol=1e-8)
    assert torch.equal(head, full_head)


@pytest.mark.parametrize("name", ["resnet10t", "vit_tiny_patch16_224", "convnext_atto", "regnetx_002"])
def test_dropout_beside_the_head_goes_on_when_the_backbone_is_frozen(name):
    pytest.importorskip("timm")
    model = ModelConfig(library=ModelLibrary.timm, name=name, dropout=0.5)
    config = Config(model=model, data=DataConfig(image_size=32), finetune=FROZEN)
    network = build_model(model, 5, 32, ResolvedWeights("none"), seed=0)
    pictures = torch.rand(4, 3, 32, 32)
    Finetuning(config, network).begin(1)
    assert not torch.equal(network(pictures), network(pictures))
    assert torch.equal(network.eval()(pictures), network(pictures))
