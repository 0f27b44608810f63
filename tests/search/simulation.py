"""A sweep without training: jobs are answered from a curve, events are folded as the driver's are."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sweep.config import BudgetConfig, SearchConfig
from sweep.config.space import Choices, FloatRange, IntRange, Space
from sweep.journal.events import EpochReported, Event, JobEnded, JobOutcome, JobStarted, SittingStarted, StudyOpened, TrialCreated
from sweep.journal.history import History, fold
from sweep.journal.journal import Entry
from sweep.search.strategy import NextJob, make_strategy, rungs_for

Curve = Callable[[Mapping[str, Any], float], float | None]
"""Values of a trial and the share of its schedule that is trained → its accuracy, or None where it fails."""

SPACE: Space = {
    "optimizer.lr": FloatRange(1e-4, 1e-2, log=True),
    "model.dropout": FloatRange(0.0, 0.5),
    "train.batch_size": Choices((16, 32, 64)),
    "train.epochs": IntRange(30, 50),
}
BASELINE = {"optimizer.lr": 5e-3, "model.dropout": 0.4, "train.batch_size": 32, "train.epochs": 40}


def bowl(params: Mapping[str, Any], share: float) -> float:
    """Best, 0.9, at lr 1e-3 and dropout 0.1; curves rise and never cross."""
    off: float = (math.log10(params["optimizer.lr"]) + 3) ** 2 + 4 * (params["model.dropout"] - 0.1) ** 2
    return (0.9 - 0.4 * min(off, 2.0)) * (1 - math.exp(-4 * share))


@dataclass
class Simulation:
    curve: Curve = bowl
    search: SearchConfig = field(default_factory=SearchConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    space: Space = field(default_factory=lambda: dict(SPACE))
    baseline: dict[str, Any] = field(default_factory=lambda: dict(BASELINE))
    seed: int = 1
    workers: int = 1
    ends_early: Callable[[Mapping[str, Any]], int | None] = lambda _: None
    """The epoch after which a trial with these values ends, as `train.early_stopping` would have it."""
    entries: list[Entry] = field(default_factory=list)
    decisions: list[NextJob] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.entries:
            opened = StudyOpened(
                schema=1, study="s", config={"seed": self.seed, "objective": "accuracy"}, space={}, baseline=self.baseline,
                overrides=[], regime="small", dataset={}, weights={}, machine={}, environment={},
            )  # fmt: skip
            self.entries = [Entry(0, 0.0, opened)]
        self.history: History = fold(self.entries)
        self._at_work: list[tuple[int, int, int]] = []  # when done, trial, last epoch
        self._now = 0
        self.strategy = make_strategy(self.search, self.budget, self.space, self.baseline, epochs=40)

    def record(self, event: Event) -> None:
        self.entries.append(Entry(len(self.entries), float(len(self.entries)), event))
        self.history.apply(self.entries[-1])

    def run(self) -> Simulation:
        """A sitting, until the strategy has no job left."""
        self.record(SittingStarted(pid=1, host="h", budget={}, environment={}))
        while True:
            while len(self._at_work) < self.workers and (job := self.strategy.next(self.history)):
                self.launch(job)
            if not self._at_work:
                return self
            self._now, trial, last_epoch = heapq.heappop(self._at_work)
            self.finish(trial, last_epoch)

    def launch(self, job: NextJob) -> None:
        self.decisions.append(job)
        if job.params is not None:
            epochs: Any = job.params.get("train.epochs", 40)
            rungs = list(rungs_for(epochs, self.search))
            self.record(TrialCreated(trial=job.trial, params=job.params, origin=job.origin, epochs=epochs, rungs=rungs))
        trial = self.history.trials[job.trial]
        self.record(JobStarted(trial=job.trial, replicate=0, attempt=trial.attempts, last_epoch=job.last_epoch, worker=""))
        heapq.heappush(self._at_work, (self._now + job.last_epoch - trial.epochs_done, job.trial, job.last_epoch))

    def finish(self, number: int, last_epoch: int, outcome: JobOutcome = JobOutcome.reached) -> None:
        trial = self.history.trials[number]
        last = self.ends_early(trial.params)
        if last is not None and last < last_epoch and outcome is JobOutcome.reached:
            last_epoch, outcome = last, JobOutcome.stopped_early
        for epoch in range(trial.epochs_done + 1, last_epoch + 1):
            score = self.curve(trial.params, epoch / trial.epochs)
            if score is None:
                outcome = JobOutcome.failed
                break
            self.record(self._report(number, epoch, score))
        self.record(JobEnded(trial=number, replicate=0, attempt=trial.attempts - 1, outcome=outcome, epoch=trial.epochs_done))

    def _report(self, number: int, epoch: int, score: float) -> EpochReported:
        metrics = {"val/accuracy": score, "val/loss": 1 - score}
        return EpochReported(trial=number, replicate=0, attempt=0, epoch=epoch, metrics=metrics, timings={})
