"""Whether entries are what a sweep writes: a checksum tells of damage, not of who wrote the line."""

from __future__ import annotations

import math
import types
from collections.abc import Hashable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from sweep.config import BudgetConfig, Objective
from sweep.config.fields import build
from sweep.errors import ConfigError, JournalError
from sweep.journal.events import EpochReported, Event, SittingStarted, StudyOpened, TestScored, TrialCreated
from sweep.journal.history import History, fold
from sweep.journal.journal import Entry

_OPENING: dict[str, Any] = {
    "config.objective": str,
    "config.seed": int,
    "config.model.name": str,
    "dataset.name": str,
    "dataset.fingerprint": str,
    "dataset.num_pictures": int,
    "dataset.classes": list[str],
    "dataset.val": int,
    "weights.source": str,
    "weights.sha256": str | None,
}
"""What is read of an opening wherever a study is shown."""
_NUMBERS = ("trial", "replicate", "epoch", "epochs", "attempt", "last_epoch")
_MOST = 10**9
_TEST = ("test/accuracy", "test/accuracy_low", "test/accuracy_high")


def checked_history(path: Path, entries: Sequence[Entry]) -> History:
    """What the entries of the journal at `path` tell. Raises JournalError when they are not what a sweep writes."""
    try:
        check_entries(entries)
        return fold(entries)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        what = f"{type(error).__name__}: {error}"
        raise JournalError(f"{path} holds what no sweep writes ({what})", "restore it from a copy") from error


def check_entries(entries: Sequence[Entry]) -> None:
    """Raises ValueError naming the first thing that no sweep would have written: a type, a number, a name that is missing."""
    for entry in entries:
        try:
            _check(entry)
        except (ValueError, ConfigError) as error:
            raise ValueError(f"line {entry.seq + 1}, {type(entry.event).__name__}: {error}") from error
    if entries and isinstance(entries[0].event, StudyOpened):
        needed = {f"val/{entries[0].event.config['objective']}", "val/loss"}
        for entry in entries:
            if isinstance(entry.event, EpochReported) and (missing := needed - entry.event.metrics.keys()):
                raise ValueError(f"line {entry.seq + 1}: no {min(missing)}")


def _check(entry: Entry) -> None:
    event = entry.event
    if not _fits(entry.time, float) or not math.isfinite(entry.time):
        raise ValueError("time")
    for name, hint in _hints(cast(Hashable, type(event))).items():
        if not _fits(getattr(event, name), hint):
            raise ValueError(name)
    for name in _NUMBERS:
        if not 0 <= (getattr(event, name, 0) or 0) < _MOST:
            raise ValueError(name)
    _check_contents(event)


def _check_contents(event: Event) -> None:
    match event:
        case StudyOpened():
            _check_opening(event)
        case SittingStarted():
            build(BudgetConfig, event.budget)
        case TrialCreated() if not event.rungs or sorted(set(event.rungs)) != event.rungs or event.rungs[0] < 1:
            raise ValueError("rungs")
        case TestScored() if not all(name in event.metrics for name in _TEST):
            raise ValueError("metrics")


def _check_opening(opened: StudyOpened) -> None:
    for path, hint in _OPENING.items():
        part, *keys = path.split(".")
        value = getattr(opened, part)
        for key in keys:
            value = value.get(key, _ABSENT) if isinstance(value, dict) else _ABSENT
        if not _fits(value, hint):
            raise ValueError(path)
    Objective(opened.config["objective"])


_ABSENT = object()


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(one, inner[1]) for one in value.values())
    if origin is list:
        return isinstance(value, list) and all(_fits(one, inner[0]) for one in value)
    if hint is float:
        return type(value) in (int, float)
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))
