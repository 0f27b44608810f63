"""Drivers of noop sweeps, as many as a test likes to kill: forked from a process that has everything imported.

A driver is a process of its own that goes through the program's real entry, its study, locks, journal, mirrors and worker
processes. Only three things are not real: the pictures are decoded once for all, the trials are `noop`, and no figures are drawn.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.noop import VARIABLE, Script

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
NOOP = (
    "data=folder",
    "model.weights=none",
    "data.image_size=32",
    "train.epochs=9",
    "budget.trials=8",
    "execution.workers=1",
    "execution.threads=1",
    "execution.checkpoint_every_s=0",
)
"""With three rungs: epochs 3 (where two of them meet) and 9."""
CLOCK_VARIABLE = "CLOCK_JUMPS_BY_H"
CLOCK_JUMPS_AFTER_S = 0.5
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Driver:
    """A sweep's driver process."""

    pid: int
    log: Path
    nursery: Nursery

    def send(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait()

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """The exit status as subprocess gives it: negative for a signal."""
        status = self.nursery.ask(request="wait", pid=self.pid, timeout_s=timeout_s)["status"]
        assert status is not None, f"still at work after {timeout_s} s: {self.output()}"
        return int(status)

    @property
    def is_at_work(self) -> bool:
        return self.nursery.ask(request="wait", pid=self.pid, timeout_s=0)["status"] is None

    def output(self) -> str:
        return self.log.read_text()


class Nursery:
    """The process that drivers are forked from."""

    def __init__(self, pictures: Path, cache: Path) -> None:
        self._arguments = (f"data.root={pictures}", f"cache_dir={cache}")
        self._store = cache.with_name("mlflow.db")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery", str(self._store)],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "COLUMNS": "200"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, where: Path, *arguments: str, script: Script = Script(), **environment: str) -> Driver:  # noqa: B008
        """A driver in the folder `where`, whose output goes to `driver.log` there. MLflow's tables are there already."""
        where.mkdir(parents=True, exist_ok=True)
        if not (where / "mlflow.db").exists() and "MLFLOW_TRACKING_URI" not in environment:
            self.ask(request="wait", pid=-1, timeout_s=0)  # until the store is made
            shutil.copyfile(self._store, where / "mlflow.db")
        more = environment | {VARIABLE: script.to_text()}
        words = [*NOOP, *self._arguments, *arguments]
        pid = self.ask(request="start", where=str(where), arguments=words, environment=more)["pid"]
        return Driver(pid, where / "driver.log", self)

    def run(self, where: Path, *arguments: str, script: Script = Script(), **environment: str) -> tuple[int, str]:  # noqa: B008
        """Exit status and output of a sweep that is left alone."""
        driver = self.start(where, *arguments, script=script, **environment)
        return driver.wait(), driver.output()

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the nursery is gone"
        answered: dict[str, Any] = json.loads(answer)
        return answered

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()


class _Server:
    """What happens in the nursery's own process."""

    def __init__(self) -> None:
        # Orphaned workers become its children instead of init's, so none is left a zombie by a lazy init.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._statuses: dict[int, int] = {}
        self._plans: dict[tuple[str, ...], Any] = {}

    def serve(self, lines: Iterable[str]) -> None:
        for line in lines:
            request = json.loads(line)
            if request["request"] == "start":
                answer = {"pid": self._start(request)}
            else:
                answer = {"status": self._wait(request["pid"], request["timeout_s"])}
            print(json.dumps(answer), flush=True)

    def _start(self, request: dict[str, Any]) -> int:
        arguments = tuple(request["arguments"])
        if arguments not in self._plans:
            self._plans[arguments] = _plan(arguments)
        pid = os.fork()
        if pid == 0:
            _become_driver(self._plans[arguments], arguments, Path(request["where"]), request["environment"])
        return pid

    def _wait(self, pid: int, timeout_s: float) -> int | None:
        deadline = time.monotonic() + timeout_s
        while True:
            self._reap()
            if pid in self._statuses or time.monotonic() >= deadline:
                return self._statuses.get(pid)
            time.sleep(0.005)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._statuses[ended[0]] = os.waitstatus_to_exitcode(ended[1])


def _plan(arguments: tuple[str, ...]) -> Any:
    """The composed configuration and the plan: the same for every driver with these arguments."""
    from sweep.commands.terminal import PlainView, open_console
    from sweep.config.load import compose
    from sweep.driver.plan import plan_study

    (composed,) = compose(list(arguments))
    with open(os.devnull, "w") as nowhere:
        console = open_console()
        console.file = nowhere
        return composed, plan_study(composed, PlainView(console))


def _become_driver(planned: Any, arguments: tuple[str, ...], where: Path, environment: dict[str, str]) -> None:
    """Never returns."""
    status = 99
    try:
        os.setsid()
        os.chdir(where)
        os.environ |= environment
        for name in ("MLFLOW_TRACKING_URI", "OPTUNA_STORAGE"):
            if name not in environment:
                os.environ.pop(name, None)
        log = os.open("driver.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for ours, standard in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(ours, standard)
        status = _drive(planned, arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _let_the_clock_jump(hours: float) -> None:
    """The system's clock is set in the middle of the sweep: for this process, whoever in it asks."""
    true, begin = time.time, time.monotonic()
    time.time = lambda: true() + (3600 * hours if time.monotonic() - begin > CLOCK_JUMPS_AFTER_S else 0)


def _make_store(path: str) -> None:
    """MLflow's empty database, which takes seconds to make; in a process of its own, so that no driver inherits a connection."""
    from sweep.mirrors.mlflow_mirror_client import MlflowTracking

    pid = os.fork()
    if pid == 0:
        MlflowTracking(f"sqlite:///{path}")
        os._exit(0)
    os.waitpid(pid, 0)


def _drive(planned: Any, arguments: tuple[str, ...]) -> int:
    import sweep.__main__
    from sweep.commands import run
    from sweep.driver import conclude, plan, study
    from sweep.driver import sweep as sitting
    from sweep.training.machine import Machine
    from tests.faults import without_figures

    composed, planned_study = planned
    if CLOCK_VARIABLE in os.environ:
        _let_the_clock_jump(float(os.environ[CLOCK_VARIABLE]))
    run.compose = lambda _arguments: [composed]  # type: ignore[assignment]
    plan.plan_study = lambda *_, **__: planned_study
    study.probe = lambda *_, **__: Machine("cpu", threads=1, channels_last=False)  # type: ignore[assignment]
    sitting.RUN_JOB = "tests.faults.noop:run_job"
    conclude.write_trial_artifacts = without_figures.write_trial_artifacts
    conclude.write_study_artifacts = without_figures.write_study_artifacts
    conclude.score_on_test = without_figures.score_on_test
    return sweep.__main__.main(arguments)


if __name__ == "__main__":
    from sweep.mirrors.mlflow_mirror_client import resolve_tracking_uri

    resolve_tracking_uri(None)  # imports MLflow
    _make_store(sys.argv[1])
    _Server().serve(sys.stdin)
