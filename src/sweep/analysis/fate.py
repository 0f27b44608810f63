"""What became of a trial, in the words people are shown."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from sweep.errors import printable
from sweep.journal.events import EndReason
from sweep.journal.history import History, Trial, TrialState


class Fate(StrEnum):
    complete = "complete"
    stopped = "stopped"
    """Not promoted when the budget was spent."""
    paused = "paused"
    """At a rung; the study may still promote it."""
    interrupted = "interrupted"
    running = "running"
    waiting = "waiting"
    failed = "failed"

    @property
    def is_settled(self) -> bool:
        """The study will not train it further."""
        return self in (Fate.complete, Fate.stopped, Fate.failed)


def concluded(history: History) -> History:
    """The study as it stands when its budget is spent: what is written last shows no trial as still to come."""
    if not history.sittings:
        return history
    sittings = [*history.sittings[:-1], replace(history.sittings[-1], end=EndReason.budget)]
    return replace(history, sittings=sittings)


def fate_of(history: History, trial: Trial) -> Fate:
    """The trial's state, where what a finished study left unfinished counts as stopped."""
    if history.is_over and not trial.state.is_finished:
        return Fate.stopped
    return Fate(trial.state.value)


def fate_words(history: History, trial: Trial) -> str:
    """For example `stopped at epoch 4 of 36`, on one line."""
    fate = fate_of(history, trial)
    if fate is Fate.complete:
        return fate.value
    if fate is Fate.failed:
        reason = f": {printable(trial.failure)}" if trial.failure else ""
        return f"failed at epoch {trial.epochs_done}{reason}"
    if trial.state is TrialState.waiting and trial.epochs_done == 0:
        return "never started" if fate is Fate.stopped else fate.value
    return f"{fate.value} at epoch {trial.epochs_done} of {trial.epochs}"


def last_score_epoch(trial: Trial) -> int | None:
    """The epoch of the last rung that has a score: what the trial is ranked by."""
    return trial.rungs_passed[-1] if trial.rungs_passed else None
