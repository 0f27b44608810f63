"""What a worker process sends to its driver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sweep.errors import SweepError
from sweep.execution.executor import JobKey, Message


class Sign(Enum):
    """What needs no more words."""

    ready = "ready"
    """The job function is imported."""
    alive = "alive"
    """The job goes on: a batch was finished."""


@dataclass(frozen=True, slots=True)
class Raised:
    """The job raised an error that explains itself; it is raised again in the driver."""

    key: JobKey
    error: SweepError


FromWorker = Sign | Raised | Message
