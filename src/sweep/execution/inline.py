"""Jobs one at a time in the driver's own process: for debugging, and where processes are not wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from sweep.errors import InternalError
from sweep.execution.executor import Died, Ended, Job, JobKey, Message
from sweep.execution.job_function import JobFunction, perform, resolve

WORKER = "inline"


class InlineExecutor:
    """Runs the submitted job within `wait`. Tracebacks go to `inline.log` in `log_folder`."""

    capacity = 1

    def __init__(self, function: str, *, log_folder: Path) -> None:
        """`function`: the job function, as `module:name`."""
        self._reference = function
        self._function: JobFunction | None = None
        self._log_path = log_folder / f"{WORKER}.log"
        self._job: Job | None = None
        self._is_running = self._is_given_up = False
        self._is_stopping = False

    @property
    def busy(self) -> int:
        return 0 if self._job is None else 1

    @property
    def next_worker(self) -> str:
        if self._job is not None:
            raise InternalError("a job was submitted while another one was waiting or running")
        return WORKER

    def submit(self, job: Job) -> None:
        _ = self.next_worker
        self._job = job

    def wait(self, on_message: Callable[[Message], None], timeout_s: float) -> None:
        """Runs the submitted job to its end; `timeout_s` is not used."""
        if self._job is None or self._is_running:
            return
        self._is_running = True
        try:
            last = self._run(self._job, on_message)
        finally:
            self._is_running = self._is_given_up = False
            self._job = None
        on_message(last)

    def stop(self) -> None:
        self._is_stopping = True

    def kill(self) -> None:
        """Leaves the running job by an exception, so it has to be called in the job's own thread, as signal handlers are."""
        if self._is_running:
            raise _JobKilled

    def give_up(self, key: JobKey) -> None:
        if self._job is not None and self._job.key == key:
            self._is_given_up = True

    def close(self) -> None:
        self._job = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _run(self, job: Job, on_message: Callable[[Message], None]) -> Ended | Died:
        def send(message: Message) -> None:
            try:
                on_message(message)
            except Exception as error:
                raise _NotDelivered(error) from error
            if self._is_given_up:
                raise _JobKilled

        self._function = self._function or resolve(self._reference)
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._log_path, "a", encoding="utf-8") as log:
            try:
                return perform(self._function, job, WORKER, send, lambda: self._is_stopping, _no_pulse, log)
            except _JobKilled:
                return Died(job.key, WORKER, "killed")
            except _NotDelivered as failure:
                raise failure.error from None


def _no_pulse() -> None:
    """Nobody watches: the driver itself is at work."""


class _JobKilled(BaseException):
    """Not an Exception, so that no handler in the job takes it for a failure of its own."""


class _NotDelivered(BaseException):
    """The driver could not take a message: its failure, which the job must neither catch nor die of."""

    def __init__(self, error: Exception) -> None:
        self.error = error
