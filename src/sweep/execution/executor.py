"""The interface between the driver and whatever trains: jobs go in, messages come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from sweep.journal.events import JobResult


class JobKey(NamedTuple):
    """Tells one attempt from every other, so that nothing of a lost attempt is taken for the present one's."""

    trial: int
    replicate: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A piece of work: train a trial up to the end of `last_epoch`."""

    trial: int
    replicate: int
    attempt: int
    last_epoch: int
    payload: dict[str, Any]
    """Plain values: what the job function needs besides."""

    @property
    def key(self) -> JobKey:
        return JobKey(self.trial, self.replicate, self.attempt)


@dataclass(frozen=True, slots=True)
class Reported:
    """An epoch was trained."""

    key: JobKey
    worker: str
    epoch: int
    metrics: dict[str, float]
    timings: dict[str, float]


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something the user should read."""

    key: JobKey
    worker: str
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The job function returned. The last message of its attempt."""

    key: JobKey
    worker: str
    result: JobResult


@dataclass(frozen=True, slots=True)
class Died:
    """The job function did not return. The last message of its attempt; the trial itself may be sound."""

    key: JobKey
    worker: str
    reason: str


Message = Reported | Noticed | Ended | Died


class Executor(Protocol):
    """Runs jobs, at most `capacity` at a time. Used from one thread; `stop` and `kill` may be called from a signal handler."""

    @property
    def capacity(self) -> int:
        """How many jobs can run at once."""

    @property
    def busy(self) -> int:
        """How many jobs were submitted and have not had their last message delivered. That message finds its own place free."""

    @property
    def next_worker(self) -> str:
        """The name of the worker that the next `submit` will use, for the journal. InternalError when all are busy."""

    def submit(self, job: Job) -> None:
        """Gives a job to `next_worker`. InternalError when all are busy."""

    def wait(self, on_message: Callable[[Message], None], timeout_s: float) -> None:
        """Delivers one message or more and returns; returns without any after `timeout_s` seconds, or when nothing is busy.

        Messages of one job arrive in the order they were sent. Where jobs run in this process the submitted job runs to its
        end within this call. Raises the SweepError that a job raised, InternalError when workers cannot start, and whatever
        `on_message` raises.
        """

    def stop(self) -> None:
        """Asks every job, running or still to come, to stop at the end of its epoch. Cannot be taken back."""

    def kill(self) -> None:
        """Ends every running job now; `wait` delivers that it died."""

    def give_up(self, key: JobKey) -> None:
        """Ends the job with that key now, if it is still running; `wait` delivers that it died."""

    def close(self) -> None:
        """Ends everything; no process is left behind."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...
