"""What became of a trial, given how the study stands: the one rule behind every place that shows it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from sweep.journal.events import EndReason
from sweep.journal.history import History, Trial


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


def fate_of(history: History, trial: Trial) -> Fate:
    """The trial's state, where what a finished study left unfinished counts as stopped."""
    if history.is_over and not trial.state.is_finished:
        return Fate.stopped
    return Fate(trial.state.value)


def is_put_down(history: History) -> bool:
    """Nobody works at the study, as far as the journal tells."""
    return bool(history.sittings) and history.sittings[-1].end is not None


def concluded(history: History) -> History:
    """The study as it stands when its budget is spent: what is written last shows no trial as still to come."""
    if not history.sittings:
        return history
    sittings = [*history.sittings[:-1], replace(history.sittings[-1], end=EndReason.budget)]
    return replace(history, sittings=sittings)
