"""Jobs in worker processes on this machine, which stay warm from job to job."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from types import TracebackType
from typing import Self

from sweep.errors import InternalError
from sweep.execution.executor import Died, Ended, Job, JobKey, Message
from sweep.execution.wire import FromWorker, Raised, Sign
from sweep.execution.worker_process import WorkerProcess, worker_environment

MAX_FAILED_STARTS = 3
_START_TIMEOUT_S = 300.0
_LONGEST_LOOK_S = 1.0
"""Counted of the time between two looks at the workers: a driver that itself stood still, put to sleep with the laptop or held
up by something, has not listened in the meantime."""


class LocalWorkers:
    """A fixed number of places, each with a worker process or none; a process that is lost is replaced when next needed."""

    def __init__(
        self, function: str, *, log_folder: Path, workers: int, threads: int, num_gpus: int = 0, timeout_s: float = math.inf
    ) -> None:
        """Starts the workers without waiting for them.

        `function`: the job function, as `module:name`. `threads`: per worker. `num_gpus`: above 0 each worker sees one of
        them, in turn. What workers print goes to `worker-0.log`, … in `log_folder`. A worker whose job gave no sign of life
        for `timeout_s` seconds is killed.
        """
        self._function = function
        self._timeout_s = timeout_s
        self._looked_at = time.monotonic()
        self._log_folder = log_folder
        self._environments = [worker_environment(threads, place % num_gpus if num_gpus else None) for place in range(workers)]
        self._workers: list[WorkerProcess | None] = [None] * workers
        self._failed_starts = 0
        self._is_stopping = False
        log_folder.mkdir(parents=True, exist_ok=True)
        for place in range(workers):
            self._start(place)

    @property
    def capacity(self) -> int:
        return len(self._workers)

    @property
    def busy(self) -> int:
        return sum(worker is not None and worker.job is not None for worker in self._workers)

    @property
    def next_worker(self) -> str:
        return self._name(self._free_place())

    def submit(self, job: Job) -> None:
        place = self._free_place()
        worker = self._workers[place]
        if worker is not None and worker.process.poll() is not None:  # it died while it had nothing to do
            self._discard(place, worker)
            worker = None
        self._assign(worker or self._start(place), job)

    def wait(self, on_message: Callable[[Message], None], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        is_delivered = False
        while self.busy and not is_delivered:
            places = {worker.connection: place for place, worker in enumerate(self._workers) if worker is not None}
            hung = wait_for_any(places, max(0.0, deadline - time.monotonic()))
            self._count_silence()
            for connection in hung:
                is_delivered |= self._receive(places[connection], on_message)  # type: ignore[index]
            self._kill_the_silent()
            if not hung:
                return

    def stop(self) -> None:
        self._is_stopping = True
        for worker in self._workers:
            if worker is not None:
                worker.ask_to_stop()

    def kill(self) -> None:
        for worker in self._workers:
            if worker is not None and worker.job is not None:
                worker.kill()

    def give_up(self, key: JobKey) -> None:
        for worker in self._workers:
            if worker is not None and worker.job is not None and worker.job.key == key:
                worker.kill()

    def close(self) -> None:
        leaving = [worker for worker in self._workers if worker is not None]
        self._workers = [None] * self.capacity
        for worker in leaving:
            worker.let_go()
        for worker in leaving:
            worker.reap()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @staticmethod
    def _name(place: int) -> str:
        return f"worker-{place}"

    def _free_place(self) -> int:
        for place, worker in enumerate(self._workers):
            if worker is None or worker.job is None:
                return place
        raise InternalError("a job was submitted while every worker was busy")

    def _start(self, place: int) -> WorkerProcess:
        name = self._name(place)
        worker = WorkerProcess.start(name, self._function, self._log_folder / f"{name}.log", self._environments[place])
        self._workers[place] = worker
        if self._is_stopping:  # after it took its place: a signal in between has asked it already, and twice is harmless
            worker.ask_to_stop()
        return worker

    @staticmethod
    def _assign(worker: WorkerProcess, job: Job) -> None:
        worker.job, worker.silent_s = job, 0.0
        try:
            worker.connection.send(job)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it died this moment: `wait` finds the connection's end and says so

    def _receive(self, place: int, on_message: Callable[[Message], None]) -> bool:
        """Takes what a worker sent, or notes that it is gone; whether a message was delivered."""
        worker = self._workers[place]
        if worker is None:  # given up by what an earlier message of this round led to
            return False
        try:
            received = worker.connection.recv()
        except (EOFError, OSError):
            last = self._bury(place, worker)
            if last is not None:
                on_message(last)
            return last is not None
        return self._deliver(place, worker, received, on_message)

    def _deliver(self, place: int, worker: WorkerProcess, received: FromWorker, on_message: Callable[[Message], None]) -> bool:
        worker.silent_s = 0.0
        if isinstance(received, Sign):
            worker.is_ready, self._failed_starts = True, 0
            return False
        if worker.job is None or received.key != worker.job.key:
            return False  # sent by something the job left running after its end: nobody waits for it
        if isinstance(received, (Ended, Died, Raised)):
            worker.job = None
        if isinstance(received, Died):
            # What an unforeseen exception leaves behind (a broken CUDA context, say) must not reach the next trial.
            worker.kill()
            self._discard(place, worker)
        if isinstance(received, Raised):
            raise received.error
        on_message(received)
        return True

    def _count_silence(self) -> None:
        """Adds the time since the last look to every worker's; whoever is heard of now starts at zero again."""
        now = time.monotonic()
        passed_s, self._looked_at = min(now - self._looked_at, _LONGEST_LOOK_S), now
        for worker in self._workers:
            if worker is not None:
                worker.silent_s += passed_s

    def _kill_the_silent(self) -> None:
        for worker in self._workers:
            if worker is not None and worker.job is not None:
                # A start has nothing to say for a while: it imports torch, from a slow disk perhaps.
                limit_s = self._timeout_s if worker.is_ready else max(self._timeout_s, _START_TIMEOUT_S)
                if worker.silent_s > limit_s and not worker.killed_because:
                    worker.kill(f"it gave no sign of life for {limit_s:g} s")

    def _bury(self, place: int, worker: WorkerProcess) -> Died | None:
        """A process is gone: the message to deliver, if its job was lost with it."""
        status = self._discard(place, worker)
        job = worker.job
        if not worker.is_ready and not worker.killed_because:
            self._note_failed_start(worker)
            if job is not None:  # it was never begun
                self._assign(self._start(place), job)
            return None
        return Died(job.key, self._name(place), worker.cause_of_death(status)) if job is not None else None

    def _discard(self, place: int, worker: WorkerProcess) -> int:
        self._workers[place] = None
        worker.let_go()
        return worker.reap()

    def _note_failed_start(self, worker: WorkerProcess) -> None:
        self._failed_starts += 1
        if self._failed_starts >= MAX_FAILED_STARTS:
            raise InternalError(
                f"{self._failed_starts} workers in a row ended while they started: {worker.last_words()}",
                f"the whole story is in {worker.log_path}; execution=inline does without workers",
            )
