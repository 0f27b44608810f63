"""Once per study: what this machine trains fastest with."""

from __future__ import annotations

import time
from dataclasses import replace

import torch
from torch.nn.functional import cross_entropy

from sweep.config import Config
from sweep.models.registry import architecture
from sweep.training.machine import Machine, choose_device, use_machine

_BATCH_SIZE = 8  # the two formats compare alike at any batch, and a probe should take a second
_ROUNDS = 4
_USUAL_LEAD = 1.25  # channels_last is the faster one by far more than noise; the other must win clearly to be chosen


def probe(config: Config, num_classes: int, threads: int) -> Machine:
    """The device that `config` asks for, and the memory format that is faster there with so many threads.

    Raises ConfigError when the device is not there.
    """
    plain = Machine(choose_device(config.device), threads, channels_last=False)
    use_machine(plain)
    candidates = [plain, replace(plain, channels_last=True)]
    steps = [_Step(machine, config, num_classes) for machine in candidates]
    rounds = [[step.time_s() for step in steps] for _ in range(_ROUNDS)]
    contiguous_s, channels_last_s = (min(times) for times in zip(*rounds[1:], strict=True))  # the first round warms up
    return replace(plain, channels_last=contiguous_s * _USUAL_LEAD > channels_last_s)


class _Step:
    """A step of training on pictures of noise."""

    def __init__(self, machine: Machine, config: Config, num_classes: int) -> None:
        self.machine = machine
        size = config.data.image_size
        self.network = machine.place(architecture(config.model).build(config.model, num_classes, size))
        self.pictures = machine.arrange(torch.rand(_BATCH_SIZE, 3, size, size, device=machine.device))
        self.labels = torch.zeros(_BATCH_SIZE, dtype=torch.int64, device=machine.device)

    def time_s(self) -> float:
        self._wait()
        started = time.perf_counter()
        cross_entropy(self.network(self.pictures), self.labels).backward()  # type: ignore[no-untyped-call]
        self.network.zero_grad(set_to_none=True)
        self._wait()
        return time.perf_counter() - started

    def _wait(self) -> None:
        if self.machine.device == "cuda":
            torch.cuda.synchronize()
        elif self.machine.device == "mps":
            torch.mps.synchronize()
