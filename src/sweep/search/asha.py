"""Asynchronous successive halving that pauses and promotes: a trial stops at each rung, and the best of a rung go on.

After Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020), algorithm 2: a free worker promotes
where it can, from the highest rung down, and starts a new trial otherwise. Nobody waits for a rung to fill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sweep.journal.events import Origin
from sweep.journal.history import History, Trial, TrialState
from sweep.search.openings import NextJob, Openings
from sweep.search.rungs import ranked_at, scored_rungs, top_at


@dataclass(frozen=True, slots=True)
class Asha:
    openings: Openings

    def next(self, history: History) -> NextJob | None:
        """What was begun, then a promotion, then a new trial; at the very end the best of those that never got to theirs."""
        return self.openings.first_affordable(history, self._candidates(history))

    def _candidates(self, history: History) -> Iterator[NextJob]:
        yield from self.openings.begun(history)
        if history.trials:
            yield from self._promotions(history)
        if job := self.openings.new_trial(history):
            yield job
        elif not any(trial.state is TrialState.running for trial in history.trials.values()):
            yield from self._last_resort(history)

    def _promotions(self, history: History) -> Iterator[NextJob]:
        """From the rung before the end down: those among the best of their rung that are still paused there."""
        for distance in range(1, self.openings.search.rungs):
            for trial in top_at(history, distance, self.openings.search.reduction_factor):
                if _is_paused_at(trial, distance):
                    yield _promotion(trial, distance)

    def _last_resort(self, history: History) -> Iterator[NextJob]:
        """A sweep too small for its halvings to leave anyone would end with the baseline alone: one trial goes on to its end."""
        if any(trial.state is TrialState.complete and trial.origin is Origin.sampler for trial in history.trials.values()):
            return
        for distance in range(1, self.openings.search.rungs):
            yield from (_promotion(trial, distance) for trial in ranked_at(history, distance) if _is_paused_at(trial, distance))


def _is_paused_at(trial: Trial, distance: int) -> bool:
    return trial.state is TrialState.paused and min(scored_rungs(trial)) == distance


def _promotion(trial: Trial, distance: int) -> NextJob:
    return NextJob(trial.number, trial.rungs[len(trial.rungs) - distance], trial.origin)
