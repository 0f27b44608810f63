"""The study so far, folded from the journal's entries. Strategies, figures and commands read it; nobody changes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sweep.config import Objective
from sweep.errors import JournalError
from sweep.journal.events import (
    ArtifactsWritten,
    EndReason,
    EpochReported,
    JobEnded,
    JobOutcome,
    JobStarted,
    Origin,
    SittingEnded,
    SittingStarted,
    StudyOpened,
    TestScored,
    TrialCreated,
)
from sweep.journal.journal import Entry


class TrialState(StrEnum):
    waiting = "waiting"
    """Created, or its worker died: a job for it is due."""
    running = "running"
    paused = "paused"
    """At a rung, until it is promoted."""
    interrupted = "interrupted"
    """Between rungs, because the sweep was asked to stop."""
    complete = "complete"
    failed = "failed"

    @property
    def is_finished(self) -> bool:
        return self in (TrialState.complete, TrialState.failed)


@dataclass(slots=True)
class Report:
    """One epoch of a trial."""

    epoch: int
    time: float
    metrics: dict[str, float]
    timings: dict[str, float]


@dataclass(slots=True)
class Trial:
    """One configuration and everything known of it. Replicate 0 only."""

    number: int
    params: dict[str, Any]
    origin: Origin
    epochs: int
    rungs: tuple[int, ...]
    """Ascending; those that a trial which stopped early did not come to are its last epoch."""
    created_at: float
    objective: Objective
    state: TrialState = TrialState.waiting
    reports: dict[int, Report] = field(default_factory=dict)
    """By epoch, without gaps from 1."""
    target_epoch: int = 0
    """Where the latest job was told to train to."""
    attempts: int = 0
    deaths: int = 0
    """Workers lost since the last job that came back."""
    failure: str = ""
    best_epoch: int | None = None
    weights_sha256: str | None = None
    ended_at: float | None = None
    sitting: int = 0
    """Index of the sitting in which its latest job started: tells the environment it was trained in."""

    @property
    def epochs_done(self) -> int:
        return len(self.reports)

    @property
    def rungs_passed(self) -> tuple[int, ...]:
        """The epochs of the rungs that have a score."""
        return tuple(rung for rung in self.rungs if rung in self.reports)

    @property
    def rungs_ahead(self) -> int:
        """How many rungs have no score yet: short trials have fewer rungs, so only the distance from the end compares."""
        return len(self.rungs) - len(self.rungs_passed)

    @property
    def ended_early(self) -> bool:
        """`train.early_stopping` ended it before its schedule did."""
        return self.rungs[-1] < self.epochs

    def value_at(self, epoch: int) -> float:
        """The objective as measured on the validation split after `epoch`."""
        return self.reports[epoch].metrics[f"val/{self.objective}"]

    def score_at(self, epoch: int) -> float:
        """`value_at` on a scale where higher is better."""
        return self.objective.score(self.value_at(epoch))

    def rank_at(self, epoch: int) -> tuple[float, float, int]:
        """Sorts trials: the score, ties to the lower validation loss, then to the earlier trial."""
        return (self.score_at(epoch), -self.reports[epoch].metrics["val/loss"], -self.number)


@dataclass(slots=True)
class Sitting:
    """One time a driver had the study in hand."""

    started_at: float
    last_seen_at: float
    budget: dict[str, Any]
    environment: dict[str, Any]
    end: EndReason | None = None


@dataclass(slots=True)
class History:
    """The study: how it was opened, its trials by number, its sittings."""

    opened: StudyOpened
    opened_at: float
    trials: dict[int, Trial] = field(default_factory=dict)
    sittings: list[Sitting] = field(default_factory=list)
    artifacts: dict[int | None, tuple[str, ...]] = field(default_factory=dict)
    """Files written for a trial since its latest job, or (None) for the study."""
    test_scores: dict[int, dict[str, float]] = field(default_factory=dict)
    summary: str = ""

    @property
    def objective(self) -> Objective:
        return Objective(self.opened.config["objective"])

    @property
    def seed(self) -> int:
        return int(self.opened.config["seed"])

    @property
    def epochs_trained(self) -> int:
        return sum(trial.epochs_done for trial in self.trials.values())

    @property
    def hours_spent(self) -> float:
        return sum(sitting.last_seen_at - sitting.started_at for sitting in self.sittings) / 3600

    @property
    def is_over(self) -> bool:
        """The last sitting ended because nothing was left to do within its budget."""
        return bool(self.sittings) and self.sittings[-1].end is EndReason.budget

    def ranked(self) -> list[Trial]:
        """Trials that passed a rung, best first: by how many rungs lie ahead of them, then by rank at the last one they passed.

        A trial that was trained to its end stands above one that was not, whatever their scores: scores of different
        lengths of training cannot be compared.
        """
        scored = [trial for trial in self.trials.values() if trial.rungs_passed and trial.state is not TrialState.failed]
        return sorted(scored, key=lambda trial: (-trial.rungs_ahead, trial.rank_at(trial.rungs_passed[-1])), reverse=True)

    def best(self) -> Trial | None:
        """The best trial among those trained to their end."""
        complete = [trial for trial in self.ranked() if trial.state is TrialState.complete]
        return complete[0] if complete else None

    def apply(self, entry: Entry) -> None:
        """Takes one more entry in."""
        if self.sittings and not isinstance(entry.event, SittingStarted):  # nobody worked between two sittings
            self.sittings[-1].last_seen_at = entry.time
        match entry.event:
            case SittingStarted() as started:
                self._open_sitting(entry.time, started)
            case SittingEnded(reason=reason, summary=summary):
                self.sittings[-1].end, self.summary = reason, summary or self.summary
            case TrialCreated() as created:
                self.trials[created.trial] = Trial(
                    created.trial,
                    created.params,
                    created.origin,
                    created.epochs,
                    tuple(created.rungs),
                    entry.time,
                    self.objective,
                )
            case JobStarted(replicate=0) as started:
                self._start(self.trials[started.trial], started)
            case EpochReported(replicate=0) as report:
                self.trials[report.trial].reports[report.epoch] = Report(report.epoch, entry.time, report.metrics, report.timings)
            case JobEnded(replicate=0) as ended:
                self._end(self.trials[ended.trial], ended, entry.time)
            case ArtifactsWritten(trial=trial, files=files):
                self.artifacts[trial] = tuple(files)
            case TestScored(trial=trial, metrics=metrics):
                self.test_scores[trial] = metrics
            case _:
                pass

    def _open_sitting(self, time: float, started: SittingStarted) -> None:
        for trial in self.trials.values():
            if trial.state is TrialState.running:  # the driver that watched it was killed
                trial.state = TrialState.waiting
        self.sittings.append(Sitting(time, time, started.budget, started.environment))

    def _start(self, trial: Trial, started: JobStarted) -> None:
        trial.sitting = len(self.sittings) - 1
        trial.state = TrialState.running
        trial.best_epoch = trial.weights_sha256 = None  # they were of the epoch where the job before ended
        trial.target_epoch = started.last_epoch
        trial.attempts = started.attempt + 1

    def _end(self, trial: Trial, ended: JobEnded, time: float) -> None:
        if ended.outcome is JobOutcome.died:
            trial.state, trial.deaths = TrialState.waiting, trial.deaths + 1
            return
        self.artifacts.pop(trial.number, None)  # they show less than what is known now
        trial.deaths, trial.ended_at = 0, time
        trial.best_epoch, trial.weights_sha256 = ended.best_epoch, ended.weights_sha256
        if ended.outcome is JobOutcome.failed:
            trial.state, trial.failure = TrialState.failed, ended.reason
        elif ended.outcome is JobOutcome.interrupted:
            trial.state = TrialState.interrupted
        elif ended.outcome is JobOutcome.stopped_early:
            # At every rung it did not come to, it counts with what it had at its end.
            trial.state, trial.rungs = TrialState.complete, tuple(min(rung, ended.epoch) for rung in trial.rungs)
        else:
            trial.state = TrialState.complete if ended.epoch >= trial.epochs else TrialState.paused


def fold(entries: Iterable[Entry]) -> History:
    """The history that `entries`, a journal from its start, tell."""
    iterator = iter(entries)
    first = next(iterator, None)
    if first is None or not isinstance(first.event, StudyOpened):
        raise JournalError(
            "the journal does not begin with the opening of a study", "restore it from a copy, or delete the study's folder"
        )
    history = History(first.event, first.time)
    for entry in iterator:
        history.apply(entry)
    return history
