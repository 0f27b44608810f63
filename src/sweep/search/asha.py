"""Asynchronous successive halving that pauses and promotes: a trial stops at each rung, and the best of a rung go on.

After Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020), algorithm 2: a free worker promotes
where it can, from the highest rung down, and starts a new trial otherwise. Nobody waits for a rung to fill. Two changes:

- While new trials come, at most 1/reduction_factor of a rung go on. In the original each trial that enters the best third
  does, besides those that it pushes out; with proposals that get better and better that is far more than a third.
- Once no new trial comes, the best proposal of each rung goes on, if it has not yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sweep.journal.events import Origin
from sweep.journal.history import History, Trial, TrialState
from sweep.search.openings import NextJob, Openings
from sweep.search.rungs import ranked_at, scored_rungs


@dataclass(frozen=True, slots=True)
class Asha:
    openings: Openings

    def next(self, history: History) -> NextJob | None:
        """What was begun, then a promotion, then a new trial, then the best of each rung; None when there is none of these."""
        return self.openings.first_affordable(history, self._candidates(history))

    def _candidates(self, history: History) -> Iterator[NextJob]:
        yield from self.openings.begun(history)
        yield from self._promotions(history)
        if job := self.openings.new_trial(history):
            yield job
        else:
            yield from self._leaders(history)

    def _promotions(self, history: History) -> Iterator[NextJob]:
        """From the rung before the end down: the best of a rung that are still paused there, while it has places left."""
        for distance in range(1, self.openings.search.rungs):
            field = self._field(history, distance)
            places = len(field) // self.openings.search.reduction_factor
            gone = [trial for trial in field if trial.origin is Origin.sampler and _has_gone_on(trial, distance)]
            if len(gone) < places:
                yield from (_promotion(trial, distance) for trial in field[:places] if _is_paused_at(trial, distance))

    def _leaders(self, history: History) -> Iterator[NextJob]:
        for distance in range(1, self.openings.search.rungs):
            sampled = [trial for trial in self._field(history, distance) if trial.origin is Origin.sampler]
            if sampled and _is_paused_at(sampled[0], distance):
                yield _promotion(sampled[0], distance)

    def _field(self, history: History, distance: int) -> list[Trial]:
        return ranked_at(history, distance, self.openings.search.reduction_factor)


def _is_paused_at(trial: Trial, distance: int) -> bool:
    return trial.state is TrialState.paused and min(scored_rungs(trial)) == distance


def _has_gone_on(trial: Trial, distance: int) -> bool:
    """It was promoted from there: it neither waits for that nor ended before it could be."""
    ended_there = trial.ended_early and scored_rungs(trial)[distance] == trial.epochs_done
    return not ended_there and not _is_paused_at(trial, distance)


def _promotion(trial: Trial, distance: int) -> NextJob:
    return NextJob(trial.number, trial.rungs[len(trial.rungs) - distance], trial.origin)
