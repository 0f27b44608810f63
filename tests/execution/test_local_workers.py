"""What becomes of worker processes that are lost, and of those whose driver is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from sweep.errors import InternalError
from sweep.execution import Died, Ended, Job, Message, Noticed, Reported
from sweep.execution.local_workers import LocalWorkers
from sweep.journal.events import JobOutcome

PATIENCE_S = 20.0
HERE = Path(__file__).parent

DRIVER = """
import os, signal, sys, time
from pathlib import Path
from sweep.execution import Ended, Job
from sweep.execution.local_workers import LocalWorkers

def main():
    executor = LocalWorkers("sample_jobs:run_job", log_folder=Path(sys.argv[1]), workers=2, threads=1)
    signal.signal(signal.SIGINT, lambda number, frame: executor.stop())
    for trial in range(2):
        executor.submit(Job(trial=trial, replicate=0, attempt=0, last_epoch=10_000, payload={"epoch_s": 0.02}))
    if len(sys.argv) > 2 and os.fork() == 0:
        print("forked", os.getpid(), flush=True)
        time.sleep(60)
    while executor.busy:
        executor.wait(lambda message: print(type(message).__name__, getattr(message, "result", ""), flush=True), 1.0)
    executor.close()

main()  # unguarded: workers must not run the user's main module again
"""


@pytest.fixture(autouse=True)
def _sample_jobs_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(HERE)])


@pytest.fixture
def executor(tmp_path: Path) -> Iterator[LocalWorkers]:
    with LocalWorkers("sample_jobs:run_job", log_folder=tmp_path, workers=1, threads=1) as made:
        yield made


def run(executor: LocalWorkers, attempt: int = 0, **payload: Any) -> list[Message]:
    executor.submit(Job(trial=0, replicate=0, attempt=attempt, last_epoch=2, payload=payload))
    return drain(executor)


def drain(executor: LocalWorkers) -> list[Message]:
    heard: list[Message] = []
    deadline = time.monotonic() + PATIENCE_S
    while executor.busy:
        assert time.monotonic() < deadline, f"only heard {heard}"
        executor.wait(heard.append, 1.0)
    return heard


def environment_in_worker(executor: LocalWorkers) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(next(m.text for m in run(executor, kind="tells its environment") if isinstance(m, Noticed)))
    return told


def test_a_killed_worker_costs_its_attempt_and_is_replaced(executor: LocalWorkers) -> None:
    first_pid = environment_in_worker(executor)["pid"]
    reported, died = run(executor, kind="is killed")
    assert isinstance(reported, Reported)
    assert isinstance(died, Died)
    assert died.reason == "the worker was killed by signal 9 (SIGKILL), probably because memory ran out"
    assert isinstance(run(executor, attempt=1)[-1], Ended)
    assert environment_in_worker(executor)["pid"] != first_pid


def test_a_crash_is_named(executor: LocalWorkers, tmp_path: Path) -> None:
    (died,) = run(executor, kind="segfaults")
    assert isinstance(died, Died)
    assert died.reason == "the worker was killed by signal 11 (SIGSEGV)"
    assert "sample_jobs.py" in (tmp_path / "worker-0.log").read_text()  # where it crashed


def test_a_worker_that_leaves_is_quoted(executor: LocalWorkers) -> None:
    (died,) = run(executor, kind="leaves")
    assert isinstance(died, Died)
    assert died.reason == "the worker left with exit status 7: leaving now"


def test_a_worker_that_died_idle_is_replaced_unnoticed(executor: LocalWorkers) -> None:
    pid = environment_in_worker(executor)["pid"]
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # until all its threads are gone; the executor still finds it dead
    assert isinstance(run(executor)[-1], Ended)


def test_a_worker_that_raised_is_replaced(executor: LocalWorkers) -> None:
    before = environment_in_worker(executor)["pid"]
    run(executor, kind="raises")
    assert environment_in_worker(executor)["pid"] != before


def test_a_worker_started_after_stop_knows_of_it(executor: LocalWorkers) -> None:
    executor.stop()
    run(executor, kind="raises")
    executor.submit(Job(trial=0, replicate=0, attempt=1, last_epoch=2000, payload={"epoch_s": 0.01}))
    last = drain(executor)[-1]
    assert isinstance(last, Ended)
    assert last.result.outcome is JobOutcome.interrupted


def test_a_worker_stays_warm_from_job_to_job(executor: LocalWorkers) -> None:
    assert environment_in_worker(executor)["pid"] == environment_in_worker(executor)["pid"]


def test_workers_that_cannot_start_end_the_sweep(tmp_path: Path) -> None:
    with LocalWorkers("no_such_module:run_job", log_folder=tmp_path, workers=1, threads=1) as executor:
        with pytest.raises(InternalError, match="3 workers in a row") as caught:
            run(executor)
    assert "No module named 'no_such_module'" in caught.value.problem
    assert str(tmp_path / "worker-0.log") in caught.value.remedy


def test_a_start_that_fails_once_costs_the_job_nothing(tmp_path: Path) -> None:
    """Memory may be short for a moment."""
    others = set(psutil.Process().children())
    with LocalWorkers("sample_jobs:run_job", log_folder=tmp_path, workers=1, threads=1) as executor:
        executor.submit(Job(trial=0, replicate=0, attempt=0, last_epoch=2, payload={}))
        (starting,) = set(psutil.Process().children()) - others
        starting.kill()  # long before its interpreter is up
        assert [type(message) for message in drain(executor)] == [Reported, Reported, Ended]


def test_a_worker_that_falls_silent_is_killed_in_time_and_replaced(tmp_path: Path) -> None:
    with LocalWorkers("sample_jobs:run_job", log_folder=tmp_path, workers=1, threads=1, timeout_s=0.5) as executor:
        last = run(executor, kind="falls silent")[-1]
        assert isinstance(last, Died)
        assert last.reason == "it gave no sign of life for 0.5 s"
        assert isinstance(run(executor, attempt=1)[-1], Ended)


def test_a_worker_that_still_starts_is_not_taken_for_silent(tmp_path: Path) -> None:
    """With torch that takes seconds, from a slow disk a minute."""
    with LocalWorkers("slow_to_import:run_job", log_folder=tmp_path, workers=1, threads=1, timeout_s=0.5) as executor:
        assert isinstance(run(executor)[-1], Ended)


def test_a_job_that_is_given_up_dies_and_the_next_one_runs(executor: LocalWorkers) -> None:
    job = Job(trial=0, replicate=0, attempt=0, last_epoch=10_000, payload={"epoch_s": 0.01})
    executor.submit(job)
    executor.wait(lambda message: executor.give_up(message.key), PATIENCE_S)
    last = drain(executor)[-1]
    assert isinstance(last, Died) and last.reason == "killed"
    assert isinstance(run(executor, attempt=1)[-1], Ended)


def test_threads_are_set_before_the_worker_starts(tmp_path: Path) -> None:
    with LocalWorkers("sample_jobs:run_job", log_folder=tmp_path, workers=1, threads=3) as executor:
        told = environment_in_worker(executor)
    assert {told["OMP_NUM_THREADS"], told["MKL_NUM_THREADS"], told["OPENBLAS_NUM_THREADS"]} == {"3"}


@pytest.mark.parametrize(("allowed", "expected"), [(None, ["0", "1", "0"]), ("5,3", ["5", "3", "5"])])
def test_each_worker_sees_one_gpu(
    allowed: str | None, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if allowed is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    with LocalWorkers("sample_jobs:run_job", log_folder=tmp_path, workers=3, threads=1, num_gpus=2) as executor:
        for trial in range(3):
            executor.submit(Job(trial=trial, replicate=0, attempt=0, last_epoch=1, payload={"kind": "tells its environment"}))
        told = {m.worker: json.loads(m.text)["CUDA_VISIBLE_DEVICES"] for m in drain(executor) if isinstance(m, Noticed)}
    assert told == {f"worker-{place}": gpu for place, gpu in enumerate(expected)}


def test_starting_workers_does_not_hold_the_driver_up(tmp_path: Path) -> None:
    began = time.monotonic()
    with LocalWorkers("sample_jobs:run_job", log_folder=tmp_path, workers=4, threads=1):
        assert time.monotonic() - began < 1.0


def start_driver(log_folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A driver in a process group of its own, as a shell starts it, whose two jobs are under way."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(log_folder), *arguments],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
        text=True,
        start_new_session=True,
    )
    assert driver.stdout is not None
    while not driver.stdout.readline().startswith("Reported"):
        assert driver.poll() is None
    return driver


def workers_of(driver: subprocess.Popen[str]) -> list[psutil.Process]:
    return [child for child in psutil.Process(driver.pid).children() if "sweep.execution.worker_main" in child.cmdline()]


def left_within(timeout_s: float, processes: list[psutil.Process]) -> bool:
    """Whether all have ended; one that nobody has collected yet (a zombie) has."""
    deadline = time.monotonic() + timeout_s
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_workers_leave_when_their_driver_is_killed(tmp_path: Path) -> None:
    with start_driver(tmp_path) as driver:
        workers = workers_of(driver)
        assert len(workers) == 2
        driver.kill()
        assert left_within(2.0, workers)


def test_workers_leave_even_if_a_child_of_the_driver_holds_their_lifelines(tmp_path: Path) -> None:
    with start_driver(tmp_path, "fork") as driver:
        workers = workers_of(driver)
        forked = [child for child in psutil.Process(driver.pid).children() if child not in workers]
        assert len(forked) == 1
        driver.kill()
        try:
            assert left_within(2.0, workers)
        finally:
            forked[0].kill()


def test_ctrl_c_is_the_drivers_to_decide(tmp_path: Path) -> None:
    with start_driver(tmp_path) as driver:
        os.killpg(driver.pid, signal.SIGINT)
        said = driver.communicate(timeout=PATIENCE_S)[0]
    assert driver.returncode == 0
    assert said.count("Ended") == 2
    assert said.count("JobOutcome.interrupted") == 2
    assert "Died" not in said
