"""What a slice of the journal changes in what a mirror shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sweep.journal.events import (
    ArtifactsWritten,
    EpochReported,
    SittingEnded,
    SittingStarted,
    StudyOpened,
    TestScored,
    TrialCreated,
)
from sweep.journal.history import History, Report
from sweep.journal.journal import Entry


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a sitting, and how the study stood then."""

    time: float
    """Seconds since the epoch."""
    event: SittingEnded
    sitting: int
    """Counted from 1."""
    best_value: float | None
    """The objective of the best trial trained to its end."""


@dataclass(slots=True)
class Changes:
    """Collected over a slice of the journal; what an entry changes is in here once, however the journal is sliced."""

    opened: bool = False
    """The slice begins the journal."""
    created: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)
    """Trials that may look different, the created ones included."""
    reports: dict[int, list[Report]] = field(default_factory=dict)
    """New epochs by trial. An epoch that had to be trained again is not new: its first report counts."""
    artifacts: list[ArtifactsWritten] = field(default_factory=list)
    test_scores: list[tuple[float, TestScored]] = field(default_factory=list)
    """With the time of each, seconds."""
    sitting_started: bool = False
    endings: list[Ending] = field(default_factory=list)


def advance(history: History, entries: Iterable[Entry]) -> Changes:
    """Applies `entries` to `history` and tells what they change."""
    changes = Changes()
    for entry in entries:
        if isinstance(entry.event, EpochReported):
            _note_report(changes, entry.time, entry.event, history)
        if isinstance(entry.event, StudyOpened):
            changes.opened = True  # `history` was made from it
        else:
            history.apply(entry)
        _note(changes, entry, history)
    return changes


def _note_report(changes: Changes, time: float, event: EpochReported, history: History) -> None:
    if event.replicate == 0 and event.epoch not in history.trials[event.trial].reports:
        report = Report(event.epoch, time, event.metrics, event.timings)
        changes.reports.setdefault(event.trial, []).append(report)


def _note(changes: Changes, entry: Entry, history: History) -> None:
    match entry.event:
        case SittingStarted():
            changes.sitting_started = True
            changes.touched |= _unfinished(history)
        case SittingEnded() as ended:
            best = history.best()
            value = None if best is None else best.value_at(best.epochs_done)
            changes.endings.append(Ending(entry.time, ended, len(history.sittings), value))
            changes.touched |= _unfinished(history)
        case TrialCreated(trial=trial):
            changes.created.add(trial)
        case ArtifactsWritten() as written:
            changes.artifacts.append(written)
        case TestScored() as scored:
            changes.test_scores.append((entry.time, scored))
        case _:
            pass
    number = getattr(entry.event, "trial", None)
    if number is not None:
        changes.touched.add(number)


def _unfinished(history: History) -> set[int]:
    return {number for number, trial in history.trials.items() if not trial.state.is_finished}
