"""Killed, interrupted, started twice: the sweep ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import mlflow
import optuna
import pytest

from sweep.driver.shelf import read_study
from sweep.errors import EXIT_INTERRUPTED, EXIT_TERMINATED, EXIT_USER_INPUT
from sweep.journal.history import TrialState
from tests.commands.program import QUICK, TIMEOUT_S, Program, journal_lines
from tests.pictures import make_pictures

KILLS = 3


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pictures(tmp_path_factory.mktemp("pictures") / "patterns")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def wait_for_lines(program: Program, process: subprocess.Popen[str], lines: int) -> None:
    """Until the journal has that many lines or the process ended."""
    deadline = time.monotonic() + TIMEOUT_S
    while journal_lines(program) < lines and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("execution", ["inline", "local"])
def test_a_sweep_killed_again_and_again_ends_like_one_that_was_not(
    tmp_path: Path, pictures: Path, cache: Path, execution: str
) -> None:
    arguments = [
        f"data.root={pictures}",
        *QUICK,
        f"execution={execution}",
        "execution.workers=1",
        "execution.checkpoint_every_s=0",
    ]
    unbroken, broken = (Program(tmp_path / name, cache) for name in ("unbroken", "broken"))
    for program in (unbroken, broken):
        program.where.mkdir()
    assert unbroken.run(*arguments).returncode == 0
    total = journal_lines(unbroken)
    generator = random.Random(7)
    for _ in range(KILLS):
        process = broken.start(*arguments)
        wait_for_lines(broken, process, journal_lines(broken) + generator.randint(2, total // KILLS))
        time.sleep(generator.uniform(0, 0.05))
        kill(process)
    last = broken.run(*arguments)
    assert last.returncode == 0, last.stdout + last.stderr
    assert broken.run("top", "--csv").stdout == unbroken.run("top", "--csv").stdout
    check_records(broken)


def check_records(program: Program) -> None:
    """Every trial once in each store, and none for ever running."""
    folder = program.study_folder()
    trials = read_study(folder).trials
    client = mlflow.MlflowClient(f"sqlite:///{program.where / 'mlflow.db'}")
    (experiment,) = [found for found in client.search_experiments() if found.name != "Default"]
    runs = client.search_runs([experiment.experiment_id])
    numbers = sorted(int(run.data.tags["sweep.trial"]) for run in runs if "mlflow.parentRunId" in run.data.tags)
    assert numbers == sorted(trials)
    assert len(runs) == len(trials) + 1
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        if "mlflow.parentRunId" in run.data.tags:
            trial = trials[int(run.data.tags["sweep.trial"])]
            steps = [point.step for point in client.get_metric_history(run.info.run_id, "val/accuracy")]
            assert steps == sorted(trial.reports)
    study = optuna.load_study(study_name=folder.name, storage=f"sqlite:///{folder / 'study.db'}")
    assert [trial.number for trial in study.trials] == sorted(trials)
    assert all(trial.state.is_finished() for trial in study.trials)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, EXIT_INTERRUPTED), (signal.SIGTERM, EXIT_TERMINATED)])
def test_asked_to_stop_it_stops_at_an_epochs_end_and_says_how_to_go_on(
    tmp_path: Path, pictures: Path, cache: Path, number: signal.Signals, code: int
) -> None:
    program = Program(tmp_path, cache)
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
    client = mlflow.MlflowClient(f"sqlite:///{program.where / 'mlflow.db'}")
    runs = client.search_runs([found.experiment_id for found in client.search_experiments()])
    assert "RUNNING" not in {run.info.status for run in runs}


def test_local_workers_stop_cleanly_and_leave_with_their_driver(tmp_path: Path, pictures: Path, cache: Path) -> None:
    program = Program(tmp_path, cache)
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


def test_a_second_driver_is_refused_by_name(tmp_path: Path, pictures: Path, cache: Path) -> None:
    program = Program(tmp_path, cache)
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


def test_a_larger_budget_continues_a_finished_study(tmp_path: Path, pictures: Path, cache: Path) -> None:
    program = Program(tmp_path, cache)
    arguments = [f"data.root={pictures}", *QUICK]
    assert program.run(*arguments, "budget.trials=2").returncode == 0
    first = read_study(program.study_folder())
    assert program.run(*arguments, "budget.trials=4").returncode == 0
    second = read_study(program.study_folder())
    assert len(first.trials) == 2 and len(second.trials) == 4
    assert second.trials[0].reports[6].metrics == first.trials[0].reports[6].metrics
    check_records(program)


def test_a_deleted_study_db_is_rebuilt_equal(tmp_path: Path, pictures: Path, cache: Path) -> None:
    program = Program(tmp_path, cache)
    arguments = [f"data.root={pictures}", *QUICK, "budget.trials=3"]
    assert program.run(*arguments).returncode == 0
    folder = program.study_folder()

    def trials() -> list[optuna.trial.FrozenTrial]:
        return optuna.load_study(study_name=folder.name, storage=f"sqlite:///{folder / 'study.db'}").trials

    before = trials()
    (folder / "study.db").unlink()
    assert program.run(*arguments).returncode == 0
    assert trials() == before


def test_changed_pictures_are_refused_by_name_and_another_study_can_be_opened(tmp_path: Path, cache: Path) -> None:
    program = Program(tmp_path / "work", cache)
    program.where.mkdir()
    root = make_pictures(tmp_path / "patterns")
    arguments = [f"data.root={root}", *QUICK, "budget.trials=1", "tracking=none"]
    assert program.run(*arguments).returncode == 0
    (root / "rings" / "03.jpg").write_bytes((root / "rings" / "04.jpg").read_bytes() + b"\0")
    refused = program.run(*arguments)
    assert refused.returncode == EXIT_USER_INPUT
    assert "rings/03.jpg" in refused.stderr and "study.new=true" in refused.stderr
    assert program.run(*arguments, "study.new=true").returncode == 0
    assert len(list((program.where / "outputs").glob("*/journal.jsonl"))) == 2
    assert program.run(*arguments).returncode == 0, "the same command continues the newest"


def test_an_unreachable_tracking_server_stops_nothing_and_is_said(tmp_path: Path, pictures: Path, cache: Path) -> None:
    program = Program(tmp_path, cache)
    arguments = [f"data.root={pictures}", *QUICK, "budget.trials=2", "tracking.flush_timeout_s=1"]
    done = program.run(*arguments, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "events wait for" in done.stdout
    assert read_study(program.study_folder()).is_over
    assert program.run(*arguments).returncode == 0, "with a store at hand the same command delivers"
    check_records(program)
