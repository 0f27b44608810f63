"""What a worker process sends to its driver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sweep.errors import SweepError
from sweep.execution.executor import JobKey, Message


class Ready(Enum):
    """The job function is imported."""

    ready = "ready"


READY = Ready.ready


@dataclass(frozen=True, slots=True)
class Raised:
    """The job raised an error that explains itself; it is raised again in the driver."""

    key: JobKey
    error: SweepError


FromWorker = Ready | Raised | Message
