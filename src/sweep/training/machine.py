"""What a trial is computed with. It is part of what makes a trial repeatable: other threads, other weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from sweep.config import Device, Precision, TrainConfig
from sweep.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Machine:
    device: str
    threads: int
    channels_last: bool
    dtype: str = "float32"
    """What the network computes in, under autocast: float32 (no autocast) or bfloat16."""
    micro_batch: int | None = None
    """Most pictures that go through the network at once while it trains; None: a whole batch, whatever its size."""

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Machine:
        """The inverse of `to_plain`, also after a way through JSON."""
        return cls(**plain)

    def to_plain(self) -> dict[str, Any]:
        return asdict(self)

    def under(self, train: TrainConfig) -> Machine:
        """With what `train` says itself instead of what the probe found."""
        dtypes = {Precision.auto: self.dtype, Precision.fp32: "float32", Precision.bf16: "bfloat16"}
        micro_batch = train.micro_batch if isinstance(train.micro_batch, int) else self.micro_batch
        return replace(self, dtype=dtypes[train.precision], micro_batch=micro_batch)

    @property
    def memory_format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def place(self, network: nn.Module) -> nn.Module:
        """Moves `network` to the device, in the memory format."""
        return network.to(self.device).to(memory_format=self.memory_format)

    def arrange(self, pictures: Tensor) -> Tensor:
        """`(B, 3, H, W)` in the memory format."""
        return pictures.contiguous(memory_format=self.memory_format)

    def forward(self, network: nn.Module, pictures: Tensor) -> Tensor:
        """The network's outputs `(B, C)` float32 for arranged pictures `(B, 3, H, W)` float32, computed in `dtype`."""
        with torch.autocast(self.device, dtype=torch.bfloat16) if self.dtype == "bfloat16" else nullcontext():
            outputs: Tensor = network(pictures)
        return outputs.float()


def choose_device(choice: Device) -> str:
    """The device that `choice` means here. Raises ConfigError when it is not there."""
    present = {
        Device.cuda: torch.cuda.is_available(),
        Device.mps: torch.backends.mps.is_available(),
        Device.cpu: True,
    }
    if choice is Device.auto:
        return next(device.value for device, is_there in present.items() if is_there)
    if not present[choice]:
        allowed = ", ".join(device.value for device, is_there in present.items() if is_there)
        raise ConfigError(f"device={choice} is not available here", f"available: {allowed}, or device=auto")
    return choice.value


def use_machine(machine: Machine) -> None:
    """Prepares this process: threads, and the same result whenever the same is computed again."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS is not deterministic
    torch.set_num_threads(machine.threads)
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True)
    # Filling every new tensor with NaN, which determinism brings along to unmask reads of unset memory, costs a fifth of a step.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
