"""The loop between a strategy and an executor, both written by hand, seen in the journal and in what the user is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sweep.config import BudgetConfig, Config, DataConfig, ModelConfig, ModelName
from sweep.config.fields import to_plain
from sweep.data.dataset import Dataset
from sweep.driver.loop import SweepLoop, Watch
from sweep.driver.signals import StopRequest
from sweep.driver.study import Study
from sweep.errors import InternalError
from sweep.execution import Died, Ended, Executor, Job, JobKey, JobResult, Message, Noticed, Reported
from sweep.journal.events import SCHEMA_VERSION, JobEnded, JobOutcome, Origin, SittingStarted, StudyOpened
from sweep.journal.history import History, TrialState, fold
from sweep.journal.journal import Journal, read
from sweep.models.network import NetworkSize
from sweep.models.weights import ResolvedWeights
from sweep.search.strategy import NextJob
from sweep.training.machine import Machine

LAST_EPOCH = 3
Script = Callable[[Job], Iterator[Message]]
"""What a job's worker sends."""


class ScriptedExecutor:
    """One worker, whose messages are written down beforehand; delivers one message per `wait`."""

    capacity = 1
    next_worker = "worker-0"

    def __init__(self, scripts: Sequence[Script]) -> None:
        self.jobs: list[Job] = []
        self.is_stopping = False
        self._scripts = iter(scripts)
        self._messages: Iterator[Message] = iter(())
        self.busy = 0

    def submit(self, job: Job) -> None:
        self.jobs.append(job)
        self._messages = next(self._scripts)(job)
        self.busy = 1

    def wait(self, on_message: Callable[[Message], None], timeout_s: float) -> None:
        message = next(self._messages)
        if isinstance(message, Ended | Died) and message.key == self.jobs[-1].key:
            self.busy = 0
        on_message(message)

    def stop(self) -> None:
        self.is_stopping = True


class InTurn:
    """Trains what is waiting or paused, then one trial after the other up to its end."""

    def __init__(self, trials: int) -> None:
        self._trials = trials

    def next(self, history: History) -> NextJob | None:
        for trial in history.trials.values():
            if trial.state in (TrialState.waiting, TrialState.paused):
                return NextJob(trial.number, trial.epochs, trial.origin)
        number = len(history.trials)
        if number >= self._trials:
            return None
        origin = Origin.sampler if number else Origin.baseline
        return NextJob(number, LAST_EPOCH, origin, {"train.epochs": LAST_EPOCH})


class Desk:
    """A study in a folder, and a loop at work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1000.0
        self.notices: list[str] = []
        self.changes = 0
        self.stop = StopRequest()
        config = Config(
            model=ModelConfig(name=ModelName.mnv3_small, weights="none"),
            data=DataConfig(image_size=32),
            budget=BudgetConfig(hours=1),
        )
        journal = Journal.open(folder / "journal.jsonl", clock=lambda: self.now)
        journal.append(_opened(config))
        self.study = Study(
            folder=folder,
            config=config,
            space={},
            dataset=cast(Dataset, SimpleNamespace(handle={})),
            weights=ResolvedWeights("none"),
            heaviest=NetworkSize(1_000_000, size_mb=4.0, picture_mb=1.0),
            machine=Machine("cpu", threads=1, channels_last=True),
            journal=journal,
            history=fold(journal.entries),
        )
        self.study.record(SittingStarted(pid=1, host="here", budget={}, environment={}))

    def run(self, *scripts: Script, trials: int = 1) -> None:
        self.executor = ScriptedExecutor(scripts)
        watch = Watch(self._changed, lambda: None, self.notices.append)
        SweepLoop(self.study, cast(Executor, self.executor), InTurn(trials), self.stop, watch).run()

    @property
    def history(self) -> History:
        """As the journal on disk tells it."""
        return fold(read(self.folder / "journal.jsonl"))

    def outcomes(self, trial: int) -> list[JobOutcome]:
        events = [entry.event for entry in read(self.folder / "journal.jsonl")]
        return [event.outcome for event in events if isinstance(event, JobEnded) and event.trial == trial]

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.study.journal.close()


def metrics(accuracy: float = 0.5) -> dict[str, float]:
    return {"val/accuracy": accuracy, "val/loss": 1.0}


def epoch(key: JobKey, number: int, accuracy: float = 0.5) -> Reported:
    return Reported(key, "worker-0", number, metrics(accuracy), {"epoch_s": 1.0})


def end(key: JobKey, last: int = LAST_EPOCH, outcome: JobOutcome = JobOutcome.reached) -> Ended:
    return Ended(key, "worker-0", JobResult(outcome=outcome, epoch=last))


def trains(job: Job) -> Iterator[Message]:
    yield from (epoch(job.key, number) for number in range(1, job.last_epoch + 1))
    yield end(job.key)


def dies(job: Job) -> Iterator[Message]:
    yield epoch(job.key, 1)
    yield Died(job.key, "worker-0", "killed by signal 9")


def test_trials_are_trained_one_after_the_other_until_the_strategy_has_no_more(desk: Desk) -> None:
    desk.run(trains, trains, trials=2)
    assert [(job.trial, job.attempt, job.last_epoch) for job in desk.executor.jobs] == [(0, 0, LAST_EPOCH), (1, 0, LAST_EPOCH)]
    assert [trial.state for trial in desk.history.trials.values()] == [TrialState.complete] * 2
    assert not desk.notices and desk.changes >= 2 * (LAST_EPOCH + 1)


def test_a_worker_that_is_lost_once_costs_its_trial_nothing(desk: Desk) -> None:
    desk.run(dies, trains)
    trial = desk.history.trials[0]
    assert trial.state is TrialState.complete and list(trial.reports) == [1, 2, 3]
    assert desk.outcomes(0) == [JobOutcome.died, JobOutcome.reached]
    assert [job.attempt for job in desk.executor.jobs] == [0, 1]
    assert desk.notices == ["trial 0: the worker was lost (killed by signal 9); trying again"]


def test_a_trial_whose_worker_is_lost_twice_is_given_up_and_the_sweep_goes_on(desk: Desk) -> None:
    desk.run(trains, dies, dies, trains, trials=3)
    trials = desk.history.trials
    assert trials[1].state is TrialState.failed and "killed by signal 9" in trials[1].failure
    assert desk.outcomes(1) == [JobOutcome.died, JobOutcome.failed]
    assert trials[0].state is trials[2].state is TrialState.complete
    assert "giving the trial up" in desk.notices[1] and desk.notices[2].startswith("trial 1 failed: ")


def test_a_baseline_whose_worker_is_lost_twice_ends_the_sweep(desk: Desk) -> None:
    with pytest.raises(InternalError, match="killed by signal 9"):
        desk.run(dies, dies, trains, trials=2)
    assert list(desk.history.trials) == [0]


def test_two_losses_with_a_job_that_came_back_between_them_are_each_the_first(desk: Desk) -> None:
    def stops_at_a_rung(job: Job) -> Iterator[Message]:
        yield epoch(job.key, 2)
        yield end(job.key, 2)

    def goes_on(job: Job) -> Iterator[Message]:
        yield epoch(job.key, 3)
        yield end(job.key)

    desk.run(trains, dies, stops_at_a_rung, dies, goes_on, trials=2)
    assert desk.outcomes(1) == [JobOutcome.died, JobOutcome.reached, JobOutcome.died, JobOutcome.reached]


def test_an_epoch_that_comes_out_otherwise_is_said_and_the_first_result_kept(desk: Desk) -> None:
    def trains_otherwise(job: Job) -> Iterator[Message]:
        yield epoch(job.key, 1, accuracy=0.75)
        yield from list(trains(job))[1:]

    desk.run(dies, trains_otherwise)
    assert desk.history.trials[0].reports[1].metrics == metrics(0.5)
    assert any("epoch 1" in notice and "differ" in notice for notice in desk.notices)


def test_an_epoch_that_comes_out_the_same_again_is_not_worth_a_word(desk: Desk) -> None:
    desk.run(dies, trains)
    assert not [notice for notice in desk.notices if "differ" in notice]
    assert desk.history.epochs_trained == LAST_EPOCH


def test_whatever_an_attempt_that_was_given_up_still_sends_is_ignored(desk: Desk) -> None:
    def hears_a_ghost(job: Job) -> Iterator[Message]:
        ghost = job.key._replace(attempt=job.attempt - 1)
        yield Noticed(ghost, "worker-0", "boo")
        yield epoch(ghost, 2, accuracy=0.99)
        yield end(ghost, 2, JobOutcome.failed)
        yield from trains(job)

    desk.run(dies, hears_a_ghost)
    trial = desk.history.trials[0]
    assert trial.state is TrialState.complete and trial.reports[2].metrics == metrics(0.5)
    assert desk.outcomes(0) == [JobOutcome.died, JobOutcome.reached]
    assert len(desk.notices) == 1


def test_what_a_worker_has_to_say_is_passed_on_with_its_trial(desk: Desk) -> None:
    def warns(job: Job) -> Iterator[Message]:
        yield Noticed(job.key, "worker-0", "half of the batch was used")
        yield from trains(job)

    desk.run(warns)
    assert desk.notices == ["trial 0: half of the batch was used"]


def test_when_the_hours_are_spent_the_running_job_is_asked_to_stop_and_no_other_is_started(desk: Desk) -> None:
    asked: list[bool] = []

    def is_slow(job: Job) -> Iterator[Message]:
        for number in (1, 2):
            desk.now += 1801
            yield epoch(job.key, number)
            asked.append(desk.executor.is_stopping)
        yield end(job.key, 2, JobOutcome.interrupted)

    desk.run(is_slow, trials=5)
    assert asked == [False, True]
    assert len(desk.executor.jobs) == 1
    assert desk.history.trials[0].state is TrialState.interrupted


def test_after_a_request_to_stop_no_job_is_started(desk: Desk) -> None:
    def is_interrupted(job: Job) -> Iterator[Message]:
        yield epoch(job.key, 1)
        desk.stop.receive(2)
        yield end(job.key, 1, JobOutcome.interrupted)

    desk.run(is_interrupted, trials=5)
    assert len(desk.executor.jobs) == 1
    assert desk.history.trials[0].state is TrialState.interrupted


def test_a_failed_trial_is_told_with_its_reason(desk: Desk) -> None:
    def diverges(job: Job) -> Iterator[Message]:
        yield Ended(job.key, "worker-0", JobResult(outcome=JobOutcome.failed, epoch=0, reason="the loss became NaN"))

    desk.run(diverges, trains, trials=2)
    assert desk.notices == ["trial 0 failed: the loss became NaN"]
    assert desk.history.trials[1].state is TrialState.complete


def _opened(config: Config) -> StudyOpened:
    plain: dict[str, Any] = {"dataset": {}, "weights": {}, "machine": {}, "environment": {}, "space": {}, "baseline": {}}
    return StudyOpened(schema=SCHEMA_VERSION, study="study", config=to_plain(config), overrides=[], regime="tiny", **plain)
