"""One worker process as its driver sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from sweep.execution.executor import Job
from sweep.execution.wire import FromWorker

_COMMAND = (sys.executable, "-u", "-P", "-m", "sweep.execution.worker_main")
_LEAVE_TIMEOUT_S = 2.0
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Read once, when the libraries are loaded: so they are set before the process starts."""
_SPIN_COUNT = 20_000
"""How long a thread turns in place at a barrier before it sleeps (libgomp). Its own default is some milliseconds, at each of
thousands of barriers per epoch: on a core that somebody else uses too, training all but stands still."""


def worker_environment(threads: int, gpu: int | None) -> dict[str, str]:
    """The driver's environment with the worker's number of threads and, unless None, the one GPU it sees.

    `gpu` counts within the GPUs that the driver itself may use.
    """
    environment = dict(os.environ)
    environment |= dict.fromkeys(_THREAD_VARIABLES, str(threads))
    environment.setdefault("GOMP_SPINCOUNT", str(_SPIN_COUNT))
    environment["PYTHONPATH"] = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    if gpu is not None:
        allowed = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
        environment["CUDA_VISIBLE_DEVICES"] = allowed[gpu] if allowed else str(gpu)
    return environment


@dataclass(eq=False, slots=True)
class WorkerProcess:
    """A started process, how to talk to it, and the job it has."""

    process: subprocess.Popen[bytes]
    connection: Connection[Job, FromWorker]
    log_path: Path
    job: Job | None = None
    is_ready: bool = False
    killed_because: str = ""
    silent_s: float = 0.0
    """For how long nothing was heard of its job, in the driver's waking hours."""

    @classmethod
    def start(cls, name: str, function: str, log_path: Path, environment: Mapping[str, str]) -> WorkerProcess:
        """Starts a process and returns at once; it imports the job function while the driver goes on.

        A plain child process and not one of multiprocessing's: its environment and its log hold from its first
        instruction, and the user's main module is not run again.
        """
        ours, theirs = Pipe()
        handle = theirs.fileno()
        with open(log_path, "ab") as log, theirs, _deaf_children():
            process = subprocess.Popen(
                [*_COMMAND, str(handle), str(os.getpid()), name, function],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                pass_fds=[handle],
                bufsize=0,
            )
        return cls(process, ours, log_path)

    def ask_to_stop(self) -> None:
        """One byte down the lifeline: safe in a signal handler, and kept for a process that is still starting."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is gone already
            self.process.stdin.write(b"s")

    def kill(self, because: str = "killed") -> None:
        self.killed_because = because
        self.process.kill()

    def let_go(self) -> None:
        """Closes the lifeline: the process leaves wherever it is, and `reap` collects it."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def reap(self) -> int:
        """Waits for the process, which has been let go or has hung up, and returns its exit status."""
        try:
            return self.process.wait(_LEAVE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.connection.close()

    def cause_of_death(self, status: int) -> str:
        """Why a process that ended with `status` (as subprocess gives it) did."""
        if self.killed_because:
            return self.killed_because
        if status >= 0:
            return f"the worker left with exit status {status}: {self.last_words()}"
        guess = ", probably because memory ran out" if status == -signal.SIGKILL else ""
        return f"the worker was killed by signal {-status} ({signal.Signals(-status).name}){guess}"

    def last_words(self) -> str:
        """The last line of the worker's log."""
        with open(self.log_path, "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            lines = log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started within never get Ctrl-C or SIGTERM: the driver decides what these mean.

    Such signals go to the whole process group. A mask is inherited, so there is no moment without it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
