from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from sweep.config import OptimizerConfig, OptimizerName
from sweep.training.optimizer import build_optimizer, set_lr


def optimizer_of(network, backbone_lr_scale=1.0, backbone=(), **settings):
    return build_optimizer(OptimizerConfig(**settings), list(network.parameters()), backbone, backbone_lr_scale)


def walk(gradients, **settings):
    """Where a parameter that begins at 1 gets to, step by step, under these gradients."""
    parameter = nn.Linear(1, 2, bias=False)
    nn.init.ones_(parameter.weight)
    optimizer = optimizer_of(parameter, **settings)
    for gradient in gradients:
        parameter.weight.grad = torch.full((2, 1), gradient)
        optimizer.step()
        yield parameter.weight[0].item()


LR, DECAY, GRADIENTS = 0.1, 0.5, (0.5, -2.0, 1.0)


def adam(decoupled):
    """Kingma and Ba (2015), algorithm 1; Loshchilov and Hutter (2019) for the decoupled decay."""
    at, mean, square = 1.0, 0.0, 0.0
    for step, gradient in enumerate(GRADIENTS, 1):
        if decoupled:
            at -= LR * DECAY * at
        else:
            gradient += DECAY * at
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        at -= LR * (mean / (1 - 0.9**step)) / (math.sqrt(square / (1 - 0.999**step)) + 1e-8)
        yield at


def sgd(momentum, nesterov):
    """Sutskever et al. (2013), as torch writes it."""
    at, velocity = 1.0, 0.0
    for gradient in GRADIENTS:
        gradient += DECAY * at
        velocity = momentum * velocity + gradient
        at -= LR * (gradient + momentum * velocity if nesterov else velocity)
        yield at


def rmsprop():
    """Hinton's lecture 6e, with torch's 0.99."""
    at, square = 1.0, 0.0
    for gradient in GRADIENTS:
        gradient += DECAY * at
        square = 0.99 * square + 0.01 * gradient**2
        at -= LR * gradient / (math.sqrt(square) + 1e-8)
        yield at


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"name": OptimizerName.adam}, adam(decoupled=False)),
        ({"name": OptimizerName.adamw}, adam(decoupled=True)),
        ({"name": OptimizerName.sgd, "momentum": 0.0}, sgd(0.0, False)),
        ({"name": OptimizerName.sgd, "momentum": 0.8, "nesterov": False}, sgd(0.8, False)),
        ({"name": OptimizerName.sgd, "momentum": 0.8}, sgd(0.8, True)),
        ({"name": OptimizerName.rmsprop}, rmsprop()),
    ],
    ids=["adam", "adamw", "sgd", "momentum", "nesterov", "rmsprop"],
)
def test_each_makes_the_steps_that_its_formula_says(settings, expected):
    assert list(walk(GRADIENTS, lr=LR, weight_decay=DECAY, **settings)) == pytest.approx(list(expected), rel=1e-5, abs=1e-6)


class Vit(nn.Module):
    """The parameters of torchvision's ViT that are neither weights nor one-dimensional."""

    def __init__(self):
        super().__init__()
        self.class_token = nn.Parameter(torch.ones(1, 1, 4))
        self.pos_embedding = nn.Parameter(torch.ones(1, 5, 4))
        self.in_proj_weight = nn.Parameter(torch.ones(12, 4))


@pytest.mark.parametrize("name", OptimizerName)
@pytest.mark.parametrize(
    ("network", "weights"),
    [
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2), nn.LayerNorm([2])), {"0.weight", "2.weight"}),
        (Vit(), {"in_proj_weight"}),
    ],
    ids=["layers", "vit"],
)
def test_weights_decay_and_biases_norm_layers_tokens_and_positions_do_not(name, network, weights):
    before = {key: tensor.clone() for key, tensor in network.named_parameters()}
    optimizer = optimizer_of(network, name=name, lr=0.1, weight_decay=0.5)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = {key for key, tensor in network.named_parameters() if not torch.equal(tensor, before[key])}
    assert moved == weights


def test_the_backbone_makes_smaller_steps_whatever_the_rate_is_set_to():
    head, backbone = nn.Linear(3, 2), nn.Linear(4, 3)
    optimizer = optimizer_of(head, 0.1, list(backbone.parameters()), name=OptimizerName.sgd, momentum=0.0, weight_decay=0.5)
    for lr in (1.0, 0.5):
        before = [parameter.clone() for parameter in (head.bias, backbone.bias)]
        for parameter in (*head.parameters(), *backbone.parameters()):
            parameter.grad = torch.ones_like(parameter)
        set_lr(optimizer, lr)
        optimizer.step()
        assert torch.allclose(before[0] - head.bias, torch.full((2,), lr))
        assert torch.allclose(before[1] - backbone.bias, torch.full((3,), lr * 0.1))


@pytest.mark.parametrize("name", OptimizerName)
def test_a_backbone_that_begins_later_at_the_heads_own_rate_is_no_trouble(name):
    head, backbone = nn.Linear(3, 2), nn.Linear(4, 3)
    optimizer = optimizer_of(head, 1.0, list(backbone.parameters()), name=name)
    before = backbone.weight.clone()
    for learning in ([head], [head, backbone]):
        for parameter in (parameter for module in learning for parameter in module.parameters()):
            parameter.grad = torch.ones_like(parameter)
        optimizer.step()
    assert not torch.equal(backbone.weight, before)
