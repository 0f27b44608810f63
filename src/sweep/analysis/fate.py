"""What became of a trial, in the words people are shown."""

from __future__ import annotations

from sweep.errors import printable
from sweep.journal.fate import Fate, fate_of
from sweep.journal.history import History, Trial, TrialState


def fate_words(history: History, trial: Trial) -> str:
    """For example `stopped at epoch 4 of 36`, on one line."""
    fate = fate_of(history, trial)
    if fate is Fate.complete:
        return f"{fate.value} (early, epoch {trial.epochs_done} of {trial.epochs})" if trial.ended_early else fate.value
    if fate is Fate.failed:
        reason = f": {printable(trial.failure)}" if trial.failure else ""
        return f"failed at epoch {trial.epochs_done}{reason}"
    if trial.state is TrialState.waiting and trial.epochs_done == 0:
        return "never started" if fate is Fate.stopped else fate.value
    return f"{fate.value} at epoch {trial.epochs_done} of {trial.epochs}"


def last_score_epoch(trial: Trial) -> int | None:
    """The epoch of the last rung that has a score: what the trial is ranked by."""
    return trial.rungs_passed[-1] if trial.rungs_passed else None
