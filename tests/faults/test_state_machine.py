"""Strategy, journal and mirrors against a small model: whatever happens in whatever order, they stay in step.

The clock is a fake that is set back and forth, the workers are this machine's rules, the stores are real.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from sweep.config import BudgetConfig, SamplerName, SearchConfig
from sweep.config.space import space_from_plain
from sweep.errors import TrackingError
from sweep.journal.events import (
    EndReason,
    EpochReported,
    Event,
    JobEnded,
    JobOutcome,
    JobStarted,
    SittingEnded,
    SittingStarted,
    TrialCreated,
)
from sweep.journal.history import History, TrialState, fold
from sweep.journal.journal import Journal, read
from sweep.journal.layout import JOURNAL
from sweep.mirrors.mirror import Mirror
from sweep.mirrors.mlflow_mirror import MlflowMirror
from sweep.mirrors.mlflow_mirror_client import MlflowTracking
from sweep.mirrors.optuna_file import StudyFile
from sweep.mirrors.optuna_mirror import OptunaMirror
from sweep.search.rungs import rungs_for
from sweep.search.sampler import distributions
from sweep.search.strategy import make_strategy
from tests.conftest import EXAMPLES
from tests.faults.audit import audit
from tests.mirrors.sample import SPACE, SampleStudy

USUAL_EXAMPLES = 8
PHASES = (Phase.explicit, Phase.generate)  # a counterexample that is not the shortest is there in seconds
TRIALS, EPOCHS, WORKERS, MAX_DEATHS = 6, 9, 3, 2
SEARCH = SearchConfig(sampler=SamplerName.random)
BASELINE = {"optimizer.lr": 1e-3, "train.batch_size": 32}


@dataclass
class ModelTrial:
    """All that a trial is, as far as anyone outside can tell."""

    rungs: tuple[int, ...]
    epochs: dict[int, float] = field(default_factory=dict)
    target: int = 0
    attempt: int = -1
    deaths: int = 0
    is_running: bool = False
    is_failed: bool = False


def accuracy(trial: int, epoch: int) -> float:
    return round(0.5 + 0.04 * epoch + 0.01 * ((trial * 7) % 5), 6)


class Sweep(RuleBasedStateMachine):
    """One study's life, with its kills."""

    stores: Path
    """Holds MLflow's empty database, which takes seconds to make."""

    @initialize()
    def open_the_study(self) -> None:
        self.where = Path(tempfile.mkdtemp(dir=self.stores))
        shutil.copyfile(self.stores / "mlflow.db", self.where / "mlflow.db")
        self.folder = self.where / "outputs" / "study"
        study = SampleStudy(self.folder)
        study.journal.close()
        self.now = study.journal.entries[-1].time
        self.model: dict[int, ModelTrial] = {}
        self.is_reachable = True
        self._take_up()

    def _take_up(self) -> None:
        self.journal = Journal.open(self.folder / JOURNAL, clock=lambda: self.now)
        self.history = fold(self.journal.entries)
        budget = BudgetConfig(trials=TRIALS)
        self.space = space_from_plain(SPACE)
        self.strategy = make_strategy(SEARCH, budget, self.space, BASELINE, EPOCHS)
        optuna = OptunaMirror(StudyFile(self.folder / "study.db", lambda _: None), distributions(self.space))
        mlflow = MlflowMirror(self.folder, lambda _: None, f"sqlite:///{self.where}/mlflow.db")
        self.mirrors: list[Mirror] = [optuna, mlflow]
        self._record(SittingStarted(pid=1, host="here", budget={"trials": TRIALS}, environment={}))

    def _record(self, event: Event) -> None:
        self.now += 1.0
        self.history.apply(self.journal.append(event))

    def _running(self) -> list[int]:
        return [number for number, trial in self.model.items() if trial.is_running]

    def _end(self, number: int, outcome: JobOutcome, reason: str = "") -> None:
        trial = self.model[number]
        trial.is_running = False
        epoch = len(trial.epochs)
        self._record(JobEnded(trial=number, replicate=0, attempt=trial.attempt, outcome=outcome, epoch=epoch, reason=reason))

    @rule(events=st.lists(st.integers(0, 99), min_size=2, max_size=12))
    def the_sweep_goes_on(self, events: list[int]) -> None:
        """Free workers get jobs, busy ones report some epochs: the most of what happens in a sweep."""
        for event in events:
            running = self._running()
            if running and event % 2:
                trial = self.model[running[event % len(running)]]
                self._train(running[event % len(running)], min(len(trial.epochs) + event % 4 + 1, trial.target))
            elif len(running) < WORKERS:
                self._give_a_free_worker_a_job()

    def _give_a_free_worker_a_job(self) -> None:
        job = self.strategy.next(self.history)
        assert job == self.strategy.next(fold(read(self.folder / JOURNAL))), "decided by something outside the journal"
        if job is None:
            return
        if job.params is not None:
            assert job.trial == len(self.model)
            rungs = rungs_for(EPOCHS, SEARCH)
            self._record(TrialCreated(trial=job.trial, params=job.params, origin=job.origin, epochs=EPOCHS, rungs=list(rungs)))
            self.model[job.trial] = ModelTrial(tuple(rungs))
        trial = self.model[job.trial]
        assert not trial.is_running and not trial.is_failed
        assert job.last_epoch in trial.rungs and job.last_epoch > 0
        trial.attempt, trial.target, trial.is_running = trial.attempt + 1, job.last_epoch, True
        self._record(
            JobStarted(trial=job.trial, replicate=0, attempt=trial.attempt, last_epoch=job.last_epoch, worker="worker-0")
        )

    def _train(self, number: int, last_epoch: int) -> None:
        trial = self.model[number]
        for epoch in range(len(trial.epochs) + 1, last_epoch + 1):
            value = accuracy(number, epoch)
            trial.epochs[epoch] = value
            self._record(
                EpochReported(
                    trial=number,
                    replicate=0,
                    attempt=trial.attempt,
                    epoch=epoch,
                    metrics={"val/accuracy": value, "val/loss": 1 - value},
                    timings={"epoch_s": 1.0, "pictures_per_s": 90.0},
                )
            )
        if last_epoch >= trial.target:
            trial.deaths = 0
            self._end(number, JobOutcome.reached)

    @precondition(lambda self: self._running())
    @rule(data=st.data())
    def a_worker_dies(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self._running()))
        trial = self.model[number]
        trial.deaths += 1
        trial.is_failed = trial.deaths >= MAX_DEATHS
        self._end(number, JobOutcome.failed if trial.is_failed else JobOutcome.died, "worker lost")

    @precondition(lambda self: len(self._running()) > 1)
    @rule()
    def a_loss_becomes_nan(self) -> None:
        number = self._running()[-1]
        self.model[number].is_failed = True
        self._end(number, JobOutcome.failed, "epoch 2: training loss became NaN")

    @precondition(lambda self: self.model)
    @rule(torn=st.binary(min_size=1, max_size=40), is_asked=st.booleans())
    def the_driver_ends_and_another_takes_over(self, torn: bytes, is_asked: bool) -> None:
        """Killed, perhaps in the middle of a line; or asked to stop, when running jobs end where they are."""
        if is_asked:
            for number in self._running():
                self._end(number, JobOutcome.interrupted)
            self._record(SittingEnded(reason=EndReason.interrupted))
        self.journal.close()
        if not is_asked:
            with open(self.folder / JOURNAL, "ab") as file:
                file.write(torn.replace(b"\n", b""))
        for trial in self.model.values():
            trial.is_running = False
        self._take_up()

    @rule(hours=st.sampled_from([-1, 1]))
    def the_clock_is_set(self, hours: int) -> None:
        self.now += 3600 * hours

    @rule()
    def the_stores_are_out_of_reach_or_back(self) -> None:
        self.is_reachable = not self.is_reachable

    @precondition(lambda self: self.model)
    @rule(which=st.sampled_from(["study.db", "mirrors/mlflow.json"]))
    def what_can_be_rebuilt_is_lost(self, which: str) -> None:
        (self.folder / which).unlink(missing_ok=True)
        self._forget_connections()

    @rule()
    def mirrors_catch_up(self) -> None:
        for mirror in self.mirrors:
            try:
                self._catch_up(mirror)
            except TrackingError:
                assert not self.is_reachable

    def _catch_up(self, mirror: Mirror) -> None:
        if not self.is_reachable:
            raise TrackingError("out of reach")
        mirror.catch_up(self.journal.entries[:])

    def _forget_connections(self) -> None:
        for mirror in self.mirrors:
            mirror.close()

    @invariant()
    def the_journal_on_disk_is_what_is_known(self) -> None:
        if not hasattr(self, "model"):
            return
        entries = read(self.folder / JOURNAL)
        assert len(entries) == len(self.journal.entries)
        times = [entry.time for entry in entries]
        assert times == sorted(times)
        on_disk = fold(entries)
        assert _told(on_disk) == _told(self.history) == self._expected()
        assert on_disk.hours_spent >= 0

    def _expected(self) -> dict[int, Any]:
        return {number: (trial.epochs, trial.is_running, trial.is_failed) for number, trial in self.model.items()}

    def teardown(self) -> None:
        """Left alone now, the sweep comes to its end, and the stores to the journal's."""
        if not hasattr(self, "model"):
            return
        self._finish()
        self._record(SittingEnded(reason=EndReason.budget, leaderboard=[trial.number for trial in self.history.ranked()]))
        for mirror in self.mirrors:
            mirror.catch_up(self.journal.entries[:])
            mirror.close()
        self.journal.close()
        found = audit(self.where)
        assert not found, found
        assert len(self.history.trials) == TRIALS
        assert all(trial.state not in (TrialState.running, TrialState.waiting) for trial in self.history.trials.values())
        shutil.rmtree(self.where)

    def _finish(self) -> None:
        for _ in range(10 * TRIALS):
            self._give_a_free_worker_a_job()
            running = self._running()
            if not running:
                return
            self._train(running[0], self.model[running[0]].target)
        raise AssertionError("the sweep does not come to an end")


def _told(history: History) -> dict[int, Any]:
    return {
        number: (
            {epoch: report.metrics["val/accuracy"] for epoch, report in trial.reports.items()},
            trial.state is TrialState.running,
            trial.state is TrialState.failed,
        )
        for number, trial in history.trials.items()
    }


@pytest.mark.fuzz
def test_whatever_happens_they_stay_in_step(tmp_path: Path) -> None:
    MlflowTracking(f"sqlite:///{tmp_path}/mlflow.db")
    Sweep.stores = tmp_path
    examples = max(USUAL_EXAMPLES, int(EXAMPLES or 0) // 10)  # each is a whole sweep
    run_state_machine_as_test(Sweep, settings=settings(max_examples=examples, stateful_step_count=30, phases=PHASES))  # type: ignore[no-untyped-call]
