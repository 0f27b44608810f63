"""Workers that are killed, fall silent or break, in the middle of a sweep that goes on."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sweep.journal.events import JobOutcome
from sweep.journal.history import TrialState
from tests.faults.audit import audit, history_of, results, study_folder
from tests.faults.noop import Mishap, Script
from tests.faults.nursery import Nursery

pytestmark = pytest.mark.slow


def swept(nursery: Nursery, where: Path, *mishaps: Mishap, arguments: tuple[str, ...] = ()) -> str:
    """The output of a whole sweep in which that happens; nothing is lost by it and nothing left behind."""
    status, output = nursery.run(where, *arguments, script=Script(mishaps=mishaps))
    assert status == 0, output
    assert not audit(where), audit(where)
    return output


def test_a_worker_lost_once_changes_nothing(nursery: Nursery, unbroken: Path, tmp_path: Path) -> None:
    output = swept(nursery, tmp_path, Mishap(0, 5, "killed"), Mishap(3, 2, "killed"), Mishap(4, 7, "breaks"))
    assert results(tmp_path) == results(unbroken)
    assert "trial 0: the worker was lost (the worker was killed by signal 9 (SIGKILL), probably because memory ran out)" in output
    assert "trial 4: the worker was lost (ValueError: something nobody thought of); trying again" in output


@pytest.mark.parametrize("seed", range(5))
def test_six_of_thirty_moments_drawn_at_random(nursery: Nursery, unbroken: Path, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    # One for a trial: the second in a row would fail it, as it should.
    swept(nursery, tmp_path, *(Mishap(trial, draw.choice((1, 2, 3)), "killed") for trial in draw.sample(range(8), 6)))
    assert results(tmp_path) == results(unbroken)


def test_a_trial_that_loses_two_workers_in_a_row_has_failed_and_the_sweep_goes_on(nursery: Nursery, tmp_path: Path) -> None:
    output = swept(nursery, tmp_path, Mishap(2, 3, "killed", times=2))
    trial = history_of(tmp_path).trials[2]
    assert (trial.state, trial.attempts, trial.epochs_done) == (TrialState.failed, 2, 2)
    assert "probably because memory ran out" in trial.failure
    assert "giving the trial up" in output


def test_settings_that_ran_out_of_memory_twice_are_not_proposed_again(nursery: Nursery, tmp_path: Path) -> None:
    arguments = ("budget.trials=14",)
    swept(nursery, tmp_path, *(Mishap(trial, 1, "out of memory") for trial in (1, 2)), arguments=arguments)
    failed = [trial for trial in history_of(tmp_path).trials.values() if trial.state is TrialState.failed]
    assert [trial.number for trial in failed] == [1, 2]
    assert all("out of memory on cuda with train.batch_size=" in trial.failure for trial in failed)
    others = [trial.params for trial in history_of(tmp_path).trials.values() if trial.number > 2]
    assert all(trial.params not in others for trial in failed)


def test_a_worker_that_falls_silent_is_replaced_in_time(nursery: Nursery, unbroken: Path, tmp_path: Path) -> None:
    output = swept(nursery, tmp_path, Mishap(1, 2, "silent"), arguments=("execution.worker_timeout_s=1.5",))
    assert "trial 1: the worker was lost (it gave no sign of life for 1.5 s); trying again" in output
    assert results(tmp_path) == results(unbroken)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("nan", "epoch 2: val/accuracy became NaN"),
        ("inf", "epoch 2: val/accuracy became infinite"),
        ("missing", "epoch 2: val/accuracy was not measured"),
    ],
)
def test_an_epoch_without_a_score_fails_its_trial_and_never_ranks(
    nursery: Nursery, tmp_path: Path, kind: str, reason: str
) -> None:
    swept(nursery, tmp_path, Mishap(1, 2, kind), arguments=("budget.trials=3",))
    history = history_of(tmp_path)
    assert (history.trials[1].state, history.trials[1].failure) == (TrialState.failed, reason)
    assert 1 not in [trial.number for trial in history.ranked()]


def test_the_journal_tells_every_loss(nursery: Nursery, tmp_path: Path) -> None:
    swept(nursery, tmp_path, Mishap(1, 1, "killed"), arguments=("budget.trials=2",))
    assert f'"outcome":"{JobOutcome.died}"' in (study_folder(tmp_path) / "journal.jsonl").read_text()
