"""The jobs that every strategy has to offer: what was begun, the baseline, a new trial. And what the budget allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sweep.config import BudgetConfig, SearchConfig
from sweep.config.space import Space, Value
from sweep.journal.events import Origin
from sweep.journal.history import History, TrialState
from sweep.search.rungs import rungs_for
from sweep.search.sampler import propose


@dataclass(frozen=True, slots=True)
class NextJob:
    """Train a trial up to and including an epoch."""

    trial: int
    last_epoch: int
    origin: Origin
    params: dict[str, Value] | None = None
    """The values of a new trial; None: the trial exists."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Where jobs come from, given what is searched and how much may be spent."""

    search: SearchConfig
    budget: BudgetConfig
    space: Space
    baseline: dict[str, Value]
    epochs: int
    """A trial's length where the space does not search it."""

    def first_affordable(self, history: History, jobs: Iterable[NextJob]) -> NextJob | None:
        """The first of the jobs that the budget of epochs allows, with what the running ones will take."""
        limit = self.budget.epochs
        if limit is None:
            return next(iter(jobs), None)
        running = [trial for trial in history.trials.values() if trial.state is TrialState.running]
        spent = history.epochs_trained + sum(max(0, trial.target_epoch - trial.epochs_done) for trial in running)
        return next((job for job in jobs if spent + _cost(history, job) <= limit), None)

    def begun(self, history: History) -> Iterator[NextJob]:
        """Jobs that a signal, a crash or a lost worker cut short, the earliest trial first."""
        for trial in history.trials.values():
            if trial.state in (TrialState.waiting, TrialState.interrupted):
                first_target = trial.epochs if trial.origin is Origin.baseline else trial.rungs[0]
                yield NextJob(trial.number, trial.target_epoch or first_target, trial.origin)

    def new_trial(self, history: History) -> NextJob | None:
        """The next trial up to its first rung, the baseline to its end; None when the budget or the space has no more."""
        number = len(history.trials)
        if number >= self.budget.trials:
            return None
        if number == 0:
            return NextJob(0, self._length(self.baseline), Origin.baseline, dict(self.baseline))
        params = propose(history, self.space, self.search)
        if params is None:
            return None
        return NextJob(number, rungs_for(self._length(params), self.search)[0], Origin.sampler, params)

    def _length(self, params: dict[str, Value]) -> int:
        return int(params.get("train.epochs", self.epochs))  # type: ignore[arg-type]


def _cost(history: History, job: NextJob) -> int:
    """The epochs that a job still has to train."""
    trial = history.trials.get(job.trial)
    return max(0, job.last_epoch - trial.epochs_done) if trial else job.last_epoch
