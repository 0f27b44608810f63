"""The optimizer, with weight decay where it belongs."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from sweep.config import OptimizerConfig, OptimizerName


def build_optimizer(config: OptimizerConfig, network: nn.Module) -> Optimizer:
    """AdamW or SGD with Nesterov's momentum over all parameters; biases and norm layers (one dimension) do not decay."""
    decaying = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    groups = [{"params": decaying, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    if config.name is OptimizerName.adamw:
        return AdamW(groups, lr=config.lr, fused=True)
    return SGD(groups, lr=config.lr, momentum=config.momentum, nesterov=config.momentum > 0, fused=True)


def set_lr(optimizer: Optimizer, lr: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = lr
