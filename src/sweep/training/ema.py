"""The exponential moving average of a network's weights over the steps of its training."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn


class MovingAverage:
    """A second network of the same kind, whose parameters and floating-point buffers are the averages of the first one's."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = deepcopy(network).requires_grad_(False)
        self._decay = decay
        live, averages = (list(one.state_dict().values()) for one in (network, self.network))  # they share the memory
        is_float = [tensor.is_floating_point() for tensor in live]
        self._live = [tensor for tensor, yes in zip(live, is_float, strict=True) if yes]
        self._averages = [tensor for tensor, yes in zip(averages, is_float, strict=True) if yes]
        self._live_counts = [tensor for tensor, yes in zip(live, is_float, strict=True) if not yes]
        self._counts = [tensor for tensor, yes in zip(averages, is_float, strict=True) if not yes]

    def update(self, step: int) -> None:
        """Takes in the weights after step `step` (from 0)."""
        # TensorFlow's ExponentialMovingAverage, num_updates: the first weights, which know nothing yet, are forgotten sooner.
        decay = min(self._decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._averages, self._live, 1 - decay)
        if self._counts:
            torch._foreach_copy_(self._counts, self._live_counts)
