"""How the machine is shared among workers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sweep.config import Auto, Device

_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Resources:
    """What there is to share."""

    cores: int
    memory_gb: float
    """GiB"""
    num_gpus: int = 0

    @classmethod
    def of_this_machine(cls, num_gpus: int = 0) -> Resources:
        """What this process may use. GPUs are counted by the caller: that takes torch."""
        return cls(available_cores(), available_memory_gb(), num_gpus)


class Shares(NamedTuple):
    workers: int
    threads: int
    """Per worker."""


def plan_workers(workers: int | Auto, threads: int | Auto, device: str, resources: Resources, worker_gb: float) -> Shares:
    """How many workers of how many threads, where the user leaves it to the program.

    `device` is what was found (`cpu`, `cuda`, `mps`), not `auto`. On a CPU one thread per worker: the operations of a
    small network are too short to be shared out, so several trials side by side train more pictures per second than one
    trial on many threads; and no more of them than there is memory for, at `worker_gb` each. On GPUs one worker each.
    What the user names is taken as it is, even if it is more than the machine has.
    """
    on_cpu = device == Device.cpu
    if isinstance(workers, Auto):
        least_threads = 1 if isinstance(threads, Auto) else threads
        workers = _most_workers(least_threads, resources, worker_gb) if on_cpu else max(1, resources.num_gpus)
        if isinstance(threads, Auto) and on_cpu:
            threads = 1
    if isinstance(threads, Auto):
        threads = max(1, resources.cores // workers)
    return Shares(workers, threads)


def _most_workers(threads: int, resources: Resources, worker_gb: float) -> int:
    return max(1, min(resources.cores // threads, int(resources.memory_gb / worker_gb)))


def available_cores(cgroup: Path = _CGROUP) -> int:
    """The cores this process may use: its affinity and, in a container, its share of processor time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = _cgroup_words(cgroup / "cpu.max")  # «quota period» in microseconds, or «max period»
    if len(limit) == 2 and limit[0].isdigit():
        cores = min(cores, int(limit[0]) // int(limit[1]))
    return max(1, cores)


def available_memory_gb(cgroup: Path = _CGROUP) -> float:
    """The memory of the machine or, where it is less, of the container, in GiB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _cgroup_words(cgroup / "memory.max")  # bytes, or «max»
    if limit and limit[0].isdigit():
        total = min(total, int(limit[0]))
    return total / 2**30


def _cgroup_words(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []
