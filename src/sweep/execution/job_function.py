"""The function that does a job, named by reference so that it can be found in another process."""

from __future__ import annotations

import errno
import importlib
import traceback
from collections.abc import Callable, Mapping
from typing import IO, cast

from sweep.errors import InternalError, StudyError, SweepError, explain
from sweep.execution.executor import Died, Ended, Job, Message, Noticed, Reported
from sweep.journal.events import JobResult

Notice = Callable[[str], None]
ShouldStop = Callable[[], bool]
Report = Callable[[int, Mapping[str, float], Mapping[str, float]], None]
"""(epoch, metrics, timings)"""
Pulse = Callable[[], None]
JobFunction = Callable[[Job, Report, Notice, ShouldStop, Pulse], JobResult]
"""(job, report, notice, should_stop, pulse): reports every epoch as it ends, looks at `should_stop` after each, and calls
`pulse` after every batch: one that is not heard of for long is taken for lost."""


def resolve(reference: str) -> JobFunction:
    """The function that `module:name` refers to; its module is imported."""
    module, mark, name = reference.partition(":")
    if not mark:
        raise InternalError(f"{reference!r} does not refer to a function", "write module:function")
    return cast(JobFunction, getattr(importlib.import_module(module), name))


def perform(
    function: JobFunction,
    job: Job,
    worker: str,
    send: Callable[[Message], None],
    should_stop: ShouldStop,
    pulse: Pulse,
    log: IO[str],
) -> Ended | Died:
    """Does `job` and returns its last message.

    A SweepError passes through: it explains itself and concerns the whole sweep, as an OSError does, which becomes one. Any
    other exception is the attempt's death; its traceback goes to `log`.
    """

    def report(epoch: int, metrics: Mapping[str, float], timings: Mapping[str, float]) -> None:
        send(Reported(job.key, worker, epoch, dict(metrics), dict(timings)))

    def notice(text: str) -> None:
        send(Noticed(job.key, worker, text))

    try:
        return Ended(job.key, worker, function(job, report, notice, should_stop, pulse))
    except SweepError:
        raise
    except OSError as error:
        if error.errno == errno.ENOMEM:
            return Died(job.key, worker, "memory ran out")
        # A full disk, a file that cannot be read: not the trial's fault, and it would fail every other trial in the same way.
        raise StudyError(explain(error), "make room or mend it; the same command continues") from error
    except Exception as error:
        traceback.print_exc(file=log)
        log.flush()
        return Died(job.key, worker, first_line(error))


def first_line(error: BaseException) -> str:
    """The exception's name and the first line of what it says; the rest is for the log."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
