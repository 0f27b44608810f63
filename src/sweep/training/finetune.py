"""Which parts of the network learn in which epoch, and how fast."""

from __future__ import annotations

import math

from torch import nn

from sweep.config import Config, FinetuneStrategy
from sweep.models.network import dissect

_ROUNDING = 1e-9  # 0.3 of ten blocks are three, whatever the product's last digit says


def frozen_epochs(config: Config) -> int:
    """How many epochs come before the unfreezing of the top blocks: none but with `gradual`, after which one at least is left."""
    if config.finetune.strategy is not FinetuneStrategy.gradual:
        return 0
    epochs = config.train.epochs
    return min(max(1, round(config.finetune.frozen_share * epochs)), max(1, epochs - 1))


class Finetuning:
    """What `config.finetune` means for one network; it hangs on the epoch alone, so nothing is kept from one to the next."""

    def __init__(self, config: Config, network: nn.Module) -> None:
        settings = config.finetune
        anatomy = dissect(config.model, network)
        num_top = max(1, math.ceil(settings.top_share * len(anatomy.blocks) - _ROUNDING))
        is_gradual = settings.strategy is FinetuneStrategy.gradual
        self.backbone_lr_scale = config.optimizer.backbone_lr_scale * (settings.lr_scale if is_gradual else 1.0)
        self._network = network
        self._head = anatomy.head
        inside = {module for block in anatomy.blocks for module in block.modules()}
        # Some of timm's networks drop features beside the head, not in it.
        self._dropouts = [module for module in network.modules() if isinstance(module, nn.Dropout) and module not in inside]
        self._frozen_epochs = frozen_epochs(config)
        self._later: tuple[nn.Module, ...] = {
            FinetuneStrategy.full: (network,),
            FinetuneStrategy.frozen: (anatomy.head,),
            FinetuneStrategy.gradual: (anatomy.head, *anatomy.blocks[-num_top:]),
        }[settings.strategy]

    @property
    def head(self) -> list[nn.Parameter]:
        """These learn at the full rate, in every epoch."""
        return list(self._head.parameters())

    @property
    def backbone(self) -> list[nn.Parameter]:
        """What else learns, in some epoch at least, at the rate × `backbone_lr_scale`."""
        head = set(self.head)
        later = dict.fromkeys(parameter for module in self._later for parameter in module.parameters())  # blocks may share some
        return [parameter for parameter in later if parameter not in head]

    def learning(self, epoch: int) -> tuple[nn.Module, ...]:
        """The modules whose parameters all learn in `epoch` (from 1), and no others."""
        return self._later if epoch > self._frozen_epochs else (self._head,)

    def begin(self, epoch: int) -> None:
        """Puts what learns in `epoch` into training mode.

        The rest gets no gradients, which spares its part of the backward pass, and is in evaluation mode: BatchNorm's
        statistics would otherwise drift away from the weights that were trained with them.
        """
        self._network.eval().requires_grad_(False)
        for module in self.learning(epoch):
            module.train().requires_grad_(True)
        for dropout in self._dropouts:
            dropout.train()
        # Many of timm's networks drop features before the head by a function that asks the network itself, and not its parts.
        self._network.training = True
