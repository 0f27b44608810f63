"""The optimizer, with a rate and weight decay where they belong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from sweep.config import OptimizerConfig, OptimizerName


def build_optimizer(
    config: OptimizerConfig, head: Sequence[nn.Parameter], backbone: Sequence[nn.Parameter], backbone_lr_scale: float
) -> Optimizer:
    """The one that `config` names, fused where torch has that, with torch's defaults for what is no setting.

    Weight decay is L2 (added to the gradient) with adam, rmsprop and sgd, and decoupled with adamw.
    """
    groups = _groups(config, head, backbone, backbone_lr_scale)
    match config.name:
        case OptimizerName.adam:
            return Adam(groups, lr=config.lr, fused=True)
        case OptimizerName.adamw:
            return AdamW(groups, lr=config.lr, fused=True)
        case OptimizerName.rmsprop:
            return RMSprop(groups, lr=config.lr, foreach=True)  # torch has no fused one
        case OptimizerName.sgd:
            has_nesterov = config.nesterov and config.momentum > 0
            return SGD(groups, lr=config.lr, momentum=config.momentum, nesterov=has_nesterov, fused=True)


def set_lr(optimizer: Optimizer, lr: float) -> None:
    """Sets the head's rate to `lr`, and the backbone's in proportion."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["scale"]


def _groups(
    config: OptimizerConfig, head: Sequence[nn.Parameter], backbone: Sequence[nn.Parameter], backbone_lr_scale: float
) -> list[dict[str, Any]]:
    """One group for each rate and decay.

    Head and backbone have groups of their own even at equal rates: where the backbone begins to learn later, a group of
    both would hold momentum for some of its parameters only, which fused sgd cannot take.
    """
    groups = []
    for parameters, scale in ((backbone, backbone_lr_scale), (head, 1.0)):
        for decay, decays in ((config.weight_decay, True), (0.0, False)):
            members = [parameter for parameter in parameters if _decays(parameter) is decays]
            if members:
                groups.append({"params": members, "scale": scale, "weight_decay": decay})
    return groups


def _decays(parameter: nn.Parameter) -> bool:
    """Biases and norm layers have one dimension. A ViT's class token and positions, `(1, N, D)`, are biases too."""
    return parameter.ndim > 1 and parameter.shape[0] > 1
