"""Killed, interrupted, started twice: the sweep ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sweep.driver.shelf import read_study
from sweep.errors import EXIT_INTERRUPTED, EXIT_TERMINATED, EXIT_USER_INPUT
from sweep.journal.history import TrialState
from tests.commands.program import QUICK, TIMEOUT_S, Program, journal_lines
from tests.commands.records import check_records, mlflow_runs

KILLS = {"inline": 3, "local": 2}


def wait_for_lines(program: Program, process: subprocess.Popen[str], lines: int) -> None:
    """Until the journal has that many lines or the process ended."""
    deadline = time.monotonic() + TIMEOUT_S
    while journal_lines(program) < lines and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("execution", ["inline", "local"])
def test_a_sweep_killed_again_and_again_ends_like_one_that_was_not(
    new_program: Callable[[str], Program], pictures: Path, execution: str
) -> None:
    arguments = [
        f"data.root={pictures}",
        *QUICK,
        f"execution={execution}",
        "execution.workers=1",
        "execution.checkpoint_every_s=0",
    ]
    unbroken, broken = new_program("unbroken"), new_program("broken")
    assert unbroken.run(*arguments).returncode == 0
    total = journal_lines(unbroken)
    generator = random.Random(7)
    for _ in range(KILLS[execution]):
        process = broken.start(*arguments)
        wait_for_lines(broken, process, journal_lines(broken) + generator.randint(2, total // KILLS[execution]))
        time.sleep(generator.uniform(0, 0.05))
        kill(process)
    last = broken.run(*arguments)
    assert last.returncode == 0, last.stdout + last.stderr
    assert broken.run("top", "--csv").stdout == unbroken.run("top", "--csv").stdout
    check_records(broken)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, EXIT_INTERRUPTED), pytest.param(signal.SIGTERM, EXIT_TERMINATED, marks=pytest.mark.slow)]
)
def test_asked_to_stop_it_stops_at_an_epochs_end_and_says_how_to_go_on(
    program: Program, pictures: Path, number: signal.Signals, code: int
) -> None:
    arguments = [f"data.root={pictures}", *QUICK, "train.epochs=60", "budget.trials=1"]
    process = program.start(*arguments)
    wait_for_lines(program, process, 5)
    process.send_signal(number)
    shown, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code, shown
    assert "the same command continues" in shown
    trial = read_study(program.study_folder()).trials[0]
    assert trial.state is TrialState.interrupted
    assert 0 < trial.epochs_done < 60
    assert (program.study_folder() / "trials" / "0000" / "checkpoint.pt").exists()
    assert "RUNNING" not in {run.info.status for run in mlflow_runs(program)}


@pytest.mark.slow
def test_asked_twice_it_stops_at_once_and_can_still_be_continued(program: Program, pictures: Path) -> None:
    arguments = [f"data.root={pictures}", *QUICK, "train.epochs=30", "budget.trials=1"]
    process = program.start(*arguments)
    wait_for_lines(program, process, 5)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)  # the two before may have been delivered as one
    shown, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == EXIT_INTERRUPTED, shown
    assert "Traceback" not in shown
    assert program.run(*arguments).returncode == 0
    check_records(program)


@pytest.mark.slow
def test_local_workers_stop_cleanly_and_leave_with_their_driver(program: Program, pictures: Path) -> None:
    arguments = [f"data.root={pictures}", *QUICK, "execution=local", "execution.workers=2", "train.epochs=60", "tracking=none"]
    process = program.start(*arguments)
    wait_for_lines(program, process, 8)
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does: driver and workers alike
    shown, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == EXIT_INTERRUPTED, shown
    assert {trial.state for trial in read_study(program.study_folder()).trials.values()} <= {
        TrialState.interrupted,
        TrialState.paused,
    }


@pytest.mark.slow
def test_a_second_driver_is_refused_by_name(program: Program, pictures: Path) -> None:
    arguments = [f"data.root={pictures}", *QUICK, "train.epochs=1000", "budget.trials=1", "tracking=none"]
    first = program.start(*arguments)
    try:
        wait_for_lines(program, first, 4)
        second = program.run(*arguments)
        assert second.returncode == EXIT_USER_INPUT
        assert f"process {first.pid}" in second.stderr
        assert f"process {first.pid}" in program.run("status").stdout
    finally:
        kill(first)
    assert "nobody" in program.run("status").stdout
