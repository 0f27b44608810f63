"""How a study shares this machine: how many workers of how many threads, and how many pictures go through at once."""

from __future__ import annotations

from dataclasses import replace

import torch

from sweep.config import Config, Device, ExecutionName, FinetuneStrategy
from sweep.config.fields import with_values
from sweep.config.space import Choices, Space, Value
from sweep.execution.resources import Resources, Shares, plan_workers
from sweep.models.network import NetworkSize
from sweep.training.machine import Machine, choose_device

_USABLE = 0.9  # of the memory; the driver and the system want some too


def largest_batch(config: Config, space: Space) -> int:
    """Pictures per step that some trial may have: what has to fit into the memory."""
    searched = space.get("train.batch_size")
    if searched is None:
        return config.train.batch_size
    return max(searched.options) if isinstance(searched, Choices) else int(searched.high)  # type: ignore[type-var,return-value]


def heaviest(config: Config, space: Space) -> Config:
    """The settings of the trial that takes the most memory, as far as the network and what learns of it decide that."""
    changes: dict[str, Value] = {}
    if (width := space.get("model.width_mult")) is not None:
        changes["model.width_mult"] = max(width.options) if isinstance(width, Choices) else width.high  # type: ignore[type-var]
    strategies = space.get("finetune.strategy")
    if isinstance(strategies, Choices) and FinetuneStrategy.full in strategies.options:
        changes["finetune.strategy"] = FinetuneStrategy.full.value
    return with_values(config, changes)


def share_machine(config: Config, network: NetworkSize, batch_size: int) -> Shares:
    """How many workers of how many threads `config` means on this machine, when each trains such batches."""
    execution = config.execution
    return plan_workers(
        1 if execution.name is ExecutionName.inline else execution.workers,
        execution.threads,
        choose_device(config.device),
        _usable(torch.cuda.device_count()),
        network.training_gb(batch_size),
    )


def bounded_by_memory(machine: Machine, network: NetworkSize, batch_size: int) -> Machine:
    """`machine` with a micro batch such that one worker fits into this computer's memory.

    Of a CPU only, whose system kills instead of refusing; a GPU was asked by the probe.
    """
    if machine.device != Device.cpu or machine.micro_batch is not None:
        return machine
    nothing_gb, batch_gb = network.training_gb(0), network.training_gb(batch_size)
    fits = int(batch_size * (_usable().memory_gb - nothing_gb) / (batch_gb - nothing_gb))
    return machine if fits >= batch_size else replace(machine, micro_batch=max(2, fits))


def _usable(num_gpus: int = 0) -> Resources:
    resources = Resources.of_this_machine(num_gpus)
    return replace(resources, memory_gb=resources.memory_gb * _USABLE)
