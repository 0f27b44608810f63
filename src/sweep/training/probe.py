"""Once per study: what this machine trains fastest with, and how many pictures fit into its memory at once."""

from __future__ import annotations

import time
from dataclasses import replace

import torch
from torch.nn.functional import cross_entropy

from sweep.config import Auto, Config, Device, Precision
from sweep.errors import ConfigError
from sweep.models.registry import architecture
from sweep.training.failure import is_out_of_memory
from sweep.training.finetune import Finetuning
from sweep.training.machine import Machine, choose_device, use_machine
from sweep.training.micro_batch import largest_that_fits
from sweep.training.optimizer import build_optimizer

_LEAD = 1.25
"""How much faster something must be to be taken. fp32 is the safer one, and channels_last is faster by far more than noise."""
_ROUNDS = 4
_FEWEST_ROUNDS = 2  # the first warms up
_LIMIT_S = 2.0  # of one comparison
_FEWEST_PICTURES = 2  # BatchNorm has no statistics of a single one
_PICTURES_ON_CPU = 8  # there candidates compare alike at any number; a GPU shows what bf16 is worth on whole batches only


def probe(config: Config, num_classes: int, threads: int, largest_batch: int | None = None) -> Machine:
    """The device that `config` asks for, and what it trains fastest with there on so many threads.

    `largest_batch` is of all the study's trials; None: `train.batch_size`. What `config.train` names itself is not tried.
    It takes a few seconds: where a single step takes longer, the usual choice (channels_last, fp32) stands untried.

    Raises ConfigError when the device is not there, or does not know the precision.
    """
    machine = Machine(choose_device(config.device), threads, channels_last=True).under(config.train)
    if machine.dtype == "bfloat16" and machine.device != Device.cpu and not knows_bf16(machine.device):
        raise ConfigError(f"train.precision=bf16: {machine.device} here does not know bfloat16", "give train.precision=auto")
    use_machine(machine)
    step = _Step(config, num_classes)
    batch = largest_batch or config.train.batch_size
    if config.train.micro_batch is Auto.auto:
        machine = replace(machine, micro_batch=_micro_batch(step, machine, batch))
    try:
        machine = _fastest(step, machine, min(batch, machine.micro_batch or batch), config.train.precision)
    except RuntimeError as error:
        if not is_out_of_memory(error):  # else the usual choice stands, and a trial that does not fit says so itself
            raise
    step.free(machine)
    return machine


def knows_bf16(device: str) -> bool:
    """The device computes in bfloat16 itself, instead of imitating it. Not measured on cuda and mps."""
    if device == Device.cuda:
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == Device.mps:
        return bool(torch.backends.mps.is_macos_or_newer(14, 0))
    return any(is_there for name, is_there in torch.cpu.get_capabilities().items() if name.endswith("bf16"))


def _micro_batch(step: _Step, machine: Machine, largest_batch: int) -> int | None:
    """The most pictures of a batch that fit. A CPU is not tried: there the system kills instead of refusing."""
    if machine.device == Device.cpu:
        return None

    def train(num_pictures: int) -> None:
        step.free(machine)
        step.run(machine, num_pictures)

    return largest_that_fits(train, largest_batch)


def _fastest(step: _Step, machine: Machine, batch: int, precision: Precision) -> Machine:
    race = _Race(step, machine, batch)
    machine = race.winner(machine, replace(machine, channels_last=False))
    if precision is Precision.auto and knows_bf16(machine.device):
        machine = race.winner(machine, replace(machine, dtype="bfloat16"))
    return machine


class _Step:
    """A step of training on pictures of noise."""

    def __init__(self, config: Config, num_classes: int) -> None:
        self._config = config
        self._size = config.data.image_size
        self._network = architecture(config.model).build(config.model, num_classes, self._size)
        self._finetuning = Finetuning(config, self._network)
        self._finetuning.begin(config.train.epochs)  # when most learns

    def run(self, machine: Machine, num_pictures: int) -> None:
        """A whole step, the optimizer's part in it too: in memory is then what a trial has there."""
        machine.place(self._network)
        optimizer = build_optimizer(self._config.optimizer, self._finetuning.head, self._finetuning.backbone, 1.0)
        self._add_gradients(machine, num_pictures)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def time_s(self, machine: Machine, num_pictures: int) -> float:
        """Of the network's part of a step."""
        machine.place(self._network)
        _wait(machine)
        started = time.perf_counter()
        self._add_gradients(machine, num_pictures)
        self._network.zero_grad(set_to_none=True)
        _wait(machine)
        return time.perf_counter() - started

    def _add_gradients(self, machine: Machine, num_pictures: int) -> None:
        pictures = machine.arrange(torch.rand(num_pictures, 3, self._size, self._size, device=machine.device))
        labels = torch.zeros(num_pictures, dtype=torch.int64, device=machine.device)
        cross_entropy(machine.forward(self._network, pictures), labels).backward()  # type: ignore[no-untyped-call]

    def free(self, machine: Machine) -> None:
        """Gives the memory of what was tried back to the device, where the trials will need it."""
        self._network.cpu().zero_grad(set_to_none=True)
        if machine.device == Device.cuda:
            torch.cuda.empty_cache()
        elif machine.device == Device.mps:
            torch.mps.empty_cache()


class _Race:
    """Compares machines by the time of a step, on as many pictures as `_LIMIT_S` allows."""

    def __init__(self, step: _Step, usual: Machine, batch: int) -> None:
        self._step = step
        self._num_pictures = batch
        if usual.device == Device.cpu:
            few = min(batch, _FEWEST_PICTURES)
            picture_s = step.time_s(usual, few) / few
            possible = int(_LIMIT_S / (2 * _ROUNDS * picture_s))
            self._num_pictures = min(batch, _PICTURES_ON_CPU, max(few, possible))
            self._step_s = picture_s * self._num_pictures
        else:
            step.run(usual, batch)  # the first step of all loads the device's kernels, which can take seconds
            self._step_s = step.time_s(usual, batch)

    def winner(self, usual: Machine, other: Machine) -> Machine:
        """`other` where it is clearly faster; else, and where time does not allow to tell, `usual`."""
        if 2 * _FEWEST_ROUNDS * self._step_s > _LIMIT_S:
            return usual
        deadline = time.perf_counter() + _LIMIT_S
        rounds: list[list[float]] = []
        while len(rounds) < _ROUNDS and (len(rounds) < _FEWEST_ROUNDS or time.perf_counter() < deadline):
            rounds.append([self._step.time_s(machine, self._num_pictures) for machine in (usual, other)])
        usual_s, other_s = (min(times) for times in zip(*rounds[1:], strict=True))
        return other if usual_s > _LEAD * other_s else usual


def _wait(machine: Machine) -> None:
    if machine.device == Device.cuda:
        torch.cuda.synchronize()
    elif machine.device == Device.mps:
        torch.mps.synchronize()
