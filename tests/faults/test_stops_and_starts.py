"""Sweeps that are asked to stop, started twice, or run on a machine whose clock is set."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from sweep.journal.journal import read
from tests.faults.audit import audit, history_of, results, study_folder, wait_for_epochs, workers_in
from tests.faults.noop import Script
from tests.faults.nursery import CLOCK_VARIABLE, Nursery

pytestmark = pytest.mark.slow

SLOW = Script(epoch_s=0.1)


def mlflow_states(where: Path) -> set[str]:
    with closing(sqlite3.connect(where / "mlflow.db")) as store:
        return {status for (status,) in store.execute("SELECT status FROM runs")}


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_asked_to_stop_it_says_how_to_go_on_and_ends_like_one_that_was_not(
    nursery: Nursery, unbroken: Path, tmp_path: Path, number: int, status: int
) -> None:
    driver = nursery.start(tmp_path, script=SLOW)
    wait_for_epochs(tmp_path, 5)
    driver.send(number)
    assert driver.wait() == status
    assert "the same command continues" in driver.output()
    states = mlflow_states(tmp_path)
    assert "RUNNING" not in states and "KILLED" in states
    again, output = nursery.run(tmp_path)
    assert again == 0, output
    assert not audit(tmp_path)
    assert results(tmp_path) == results(unbroken)


def test_asked_twice_it_stops_at_once_and_is_still_resumable(nursery: Nursery, unbroken: Path, tmp_path: Path) -> None:
    driver = nursery.start(tmp_path, script=Script(epoch_s=1.0))
    wait_for_epochs(tmp_path, 1)
    driver.send(signal.SIGINT)
    time.sleep(0.2)
    asked = time.monotonic()
    driver.send(signal.SIGINT)
    assert driver.wait() == 130
    assert time.monotonic() - asked < 5
    assert not workers_in(tmp_path)
    again, output = nursery.run(tmp_path)
    assert again == 0, output
    assert results(tmp_path) == results(unbroken)


def test_the_second_start_is_refused_by_the_name_of_the_first(nursery: Nursery, unbroken: Path, tmp_path: Path) -> None:
    first = nursery.start(tmp_path, script=Script(epoch_s=1.0))
    wait_for_epochs(tmp_path, 1)
    second = nursery.start(tmp_path)
    assert second.wait() == 2
    assert f"is in the hands of process {first.pid} on {socket.gethostname()}" in second.output()
    first.kill()
    status, output = nursery.run(tmp_path)  # a lock whose holder is gone holds nobody up
    assert status == 0, output
    assert results(tmp_path) == results(unbroken)


def test_four_first_starts_at_once_in_an_empty_folder(nursery: Nursery, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/mlflow.db"  # which nobody has made yet
    drivers = [nursery.start(tmp_path / name, f"seed={number}", MLFLOW_TRACKING_URI=store) for number, name in enumerate("abcd")]
    assert [driver.wait() for driver in drivers] == [0, 0, 0, 0]
    for name in "abcd":
        folder = tmp_path / name
        os.link(tmp_path / "mlflow.db", folder / "mlflow.db")
        history = history_of(folder)
        assert len(history.trials) == 8
        with closing(sqlite3.connect(folder / "mlflow.db")) as opened:
            rows = opened.execute("SELECT count(*) FROM tags WHERE key = 'sweep.study' AND value = ?", [history.opened.study])
            assert rows.fetchone() == (9,)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as opened:
        assert opened.execute("SELECT count(*) FROM experiments WHERE name = 'pictures'").fetchone() == (1,)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_ends_nothing_and_takes_nothing_back(
    nursery: Nursery, unbroken: Path, tmp_path: Path, hours: int
) -> None:
    arguments = ("budget.hours=0.1", "execution.worker_timeout_s=20")
    status, output = nursery.run(tmp_path, *arguments, script=Script(epoch_s=0.02), **{CLOCK_VARIABLE: str(hours)})
    assert status == 0, output
    assert not audit(tmp_path)
    assert results(tmp_path) == results(unbroken)
    times = [entry.time for entry in read(study_folder(tmp_path) / "journal.jsonl")]
    assert 0 < times[-1] - times[0] < 120
    assert times == sorted(times)
    assert "the worker was lost" not in output


def test_paused_trials_beyond_the_disk_budget_are_trained_anew_to_the_same_result(
    nursery: Nursery, unbroken: Path, tmp_path: Path
) -> None:
    status, output = nursery.run(tmp_path, "execution.checkpoints_gb=0")
    assert status == 0, output
    assert not audit(tmp_path)
    assert results(tmp_path) == results(unbroken)
    assert "its checkpoint is deleted" in output
    assert not list(study_folder(tmp_path).rglob("checkpoint*"))
    assert len(list(study_folder(unbroken).rglob("checkpoint.pt"))) > 2  # with room, paused trials keep theirs
