from __future__ import annotations

import pytest
import torch
from torch import nn

from sweep.config import OptimizerConfig, OptimizerName
from sweep.training.optimizer import build_optimizer, set_lr


@pytest.mark.parametrize("name", OptimizerName)
def test_weights_decay_and_biases_and_norm_layers_do_not(name):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    before = {key: tensor.clone() for key, tensor in network.named_parameters()}
    optimizer = build_optimizer(OptimizerConfig(name=name, lr=0.1, weight_decay=0.5), network)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = {key for key, tensor in network.named_parameters() if not torch.equal(tensor, before[key])}
    assert moved == {"0.weight", "2.weight"}


def test_sgd_without_momentum_is_plain():
    parameter = nn.Linear(1, 1, bias=False)
    optimizer = build_optimizer(OptimizerConfig(name=OptimizerName.sgd, momentum=0.0, weight_decay=0.0), parameter)
    start = parameter.weight.item()
    parameter.weight.grad = torch.ones(1, 1)
    set_lr(optimizer, 0.25)
    optimizer.step()
    assert parameter.weight.item() == pytest.approx(start - 0.25)
