"""A driver that is killed, and the workers that it leaves behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from benchmarks.soak import soak

from sweep.journal.history import TrialState
from tests.faults.audit import audit, history_of, results, wait_for_epochs, workers_in
from tests.faults.noop import Script
from tests.faults.nursery import Driver, Nursery

pytestmark = pytest.mark.slow

SLOW = Script(epoch_s=0.1)
PATIENCE_S = 30.0


def finished(driver: Driver, where: Path, unbroken: Path) -> str:
    """The rest of the sweep's output, once it is seen to be what the unbroken one came to."""
    assert driver.wait() == 0, driver.output()
    assert not audit(where), audit(where)
    assert results(where) == results(unbroken)
    return driver.output()


def test_killed_a_few_times_it_ends_like_the_one_that_was_not(nursery: Nursery, unbroken: Path, tmp_path: Path) -> None:
    for epochs in (1, 14, 30):
        driver = nursery.start(tmp_path, script=Script(epoch_s=0.02))
        wait_for_epochs(tmp_path, epochs)
        driver.kill()
    finished(nursery.start(tmp_path), tmp_path, unbroken)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_thirty_moments_drawn_at_random(nursery: Nursery, tmp_path: Path, seed: int) -> None:
    tally = soak(nursery, tmp_path, kills=10, seed=seed)
    assert tally.line == "kills 10, lost 0, duplicated 0, zombies 0, differing 0", tally.findings


def test_with_several_workers_the_budget_is_exact_and_nothing_is_lost(nursery: Nursery, tmp_path: Path) -> None:
    arguments = ("execution.workers=3", "budget.trials=12")
    for epochs in (2, 9, 17, 26, 34):
        driver = nursery.start(tmp_path, *arguments, script=SLOW)
        wait_for_epochs(tmp_path, epochs)
        driver.kill()
    driver = nursery.start(tmp_path, *arguments)
    assert driver.wait() == 0, driver.output()
    assert not audit(tmp_path), audit(tmp_path)
    history = history_of(tmp_path)
    assert len(history.trials) == 12
    assert all(trial.state in (TrialState.complete, TrialState.paused) for trial in history.trials.values())
    assert all(trial.deaths == 0 for trial in history.trials.values())


def test_workers_leave_with_their_driver(nursery: Nursery, tmp_path: Path) -> None:
    driver = nursery.start(tmp_path, "execution.workers=2", script=SLOW)
    wait_for_epochs(tmp_path, 2)
    assert len(workers_in(tmp_path)) == 2
    driver.kill()
    deadline = time.monotonic() + PATIENCE_S
    while workers_in(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_worker_that_outlives_its_driver_does_not_write_into_the_next_attempt(
    nursery: Nursery, unbroken: Path, tmp_path: Path
) -> None:
    driver = nursery.start(tmp_path, script=SLOW)
    wait_for_epochs(tmp_path, 1)
    (orphan,) = workers_in(tmp_path)
    orphan.suspend()
    driver.kill()
    driver = nursery.start(tmp_path)
    deadline = time.monotonic() + PATIENCE_S
    while f"waits for process {orphan.pid}" not in driver.output():
        assert time.monotonic() < deadline, driver.output()
        time.sleep(0.01)
    os.kill(orphan.pid, signal.SIGCONT)  # it finds its driver gone, and leaves
    finished(driver, tmp_path, unbroken)
