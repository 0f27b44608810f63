"""The study as Optuna's own `study.db`, for `optuna-dashboard` and `optuna.load_study`.

| here | there |
|---|---|
| waiting, running or paused while a sitting is on | RUNNING |
| the same after an interruption | WAITING: it will be continued |
| the same once the budget is spent | PRUNED |
| complete, failed | COMPLETE, FAIL |

Every trial is written as the history shows it, so writing it twice changes nothing. At every start the whole file is
compared with the history, which is cheap; so it needs no cursor of its own on disk and no waiting for the disk (a power cut
may lose some of it). The file is changed in place, never replaced, because a dashboard that has it open would go on showing
the old one.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import optuna
import sqlalchemy
from optuna.distributions import BaseDistribution
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as State

from sweep.config import Objective
from sweep.errors import InternalError, TrackingError
from sweep.journal.events import StudyOpened
from sweep.journal.history import History, fold
from sweep.journal.journal import Entry
from sweep.mirrors.changes import advance
from sweep.mirrors.mirror import study_uid
from sweep.mirrors.optuna_trial import frozen

_UID = "sweep.uid"
_LOCK_TIMEOUT_S = 10.0
_NOT_ITS_CONTENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_IOERR,
}
"""SQLite's errors that say nothing about what is in the file."""


class OptunaMirror:
    """Keeps `path` up to the journal. A file there that is damaged or of another study is moved aside, and said so."""

    name = "Optuna study.db"

    def __init__(self, path: Path, distributions: Mapping[str, BaseDistribution], on_notice: Callable[[str], None]) -> None:
        self.path = path
        self.cursor = 0
        self._distributions = distributions
        self._on_notice = on_notice
        self._storage: RDBStorage | None = None
        self._history: History | None = None
        self._study_id = -1
        self._stored: dict[int, FrozenTrial] = {}
        """What is in the file, by the trial's number."""

    def catch_up(self, entries: Sequence[Entry]) -> None:
        """See `Mirror`. Raises TrackingError when the file is locked for long or cannot be written."""
        try:
            with _reaching(self.path):
                storage, history = self._open(entries)
                if self.cursor < len(entries):
                    self._project(storage, history, entries)
        except BaseException:
            self.close()  # what is known of the file may be wrong now: the next call reads it again
            raise

    def close(self) -> None:
        if self._storage is not None:
            self._storage.remove_session()
            self._storage.engine.dispose()
        self._storage = self._history = None

    def _open(self, entries: Sequence[Entry]) -> tuple[RDBStorage, History]:
        if self._storage is not None and self._history is not None and self.path.exists():
            return self._storage, self._history
        self.close()
        self._prepare_file(entries[0])
        self._storage = _storage(self.path)
        self._study_id = self._storage.get_study_id_from_name(_opened(entries[0]).study)
        self._stored = {trial.number: trial for trial in self._storage.get_all_trials(self._study_id)}
        self._history = fold(entries[:1])
        self.cursor = 0
        return self._storage, self._history

    def _prepare_file(self, first: Entry) -> None:
        """Afterwards `path` is this study's file."""
        if self.path.exists() and not _belongs(self.path, study_uid(first)):
            aside = next(path for n in itertools.count(1) if not (path := self.path.with_suffix(f".aside-{n}.db")).exists())
            self.path.rename(aside)
            self._on_notice(f"{self.path.name} was damaged or not of this study; it is written anew, the old one is {aside.name}")
        if not self.path.exists():
            _create(self.path, first)

    def _project(self, storage: RDBStorage, history: History, entries: Sequence[Entry]) -> None:
        for number in sorted(advance(history, entries[self.cursor :]).touched):
            trial = frozen(history.trials[number], history, self._distributions)
            stored = self._stored.get(number)
            if stored is None:
                trial._trial_id = storage.create_new_trial(self._study_id, trial)
                if storage.get_trial_number_from_id(trial._trial_id) != number:
                    raise InternalError(f"trial {number} was not created in order")
            else:
                trial._trial_id = stored._trial_id
                _update(storage, stored, trial)
            self._stored[number] = trial
        self.cursor = len(entries)


def _update(storage: RDBStorage, stored: FrozenTrial, trial: FrozenTrial) -> None:
    if _look(stored) == _look(trial):
        return
    if stored.state is not State.RUNNING:
        _set_state(storage, trial._trial_id, State.RUNNING, None)  # Optuna itself never reopens a trial
    _write_news(storage, stored, trial)
    if trial.state is not State.RUNNING:
        _set_state(storage, trial._trial_id, trial.state, trial.datetime_complete)


def _look(trial: FrozenTrial) -> tuple[object, ...]:
    """What may change about a trial. An epoch's value never does."""
    return trial.state, trial.value, trial.datetime_complete, trial.user_attrs, sorted(trial.intermediate_values)


def _write_news(storage: RDBStorage, stored: FrozenTrial, trial: FrozenTrial) -> None:
    trial_id = trial._trial_id
    for epoch, value in trial.intermediate_values.items():
        if epoch not in stored.intermediate_values:
            storage.set_trial_intermediate_value(trial_id, epoch, value)
    for name, attribute in trial.user_attrs.items():
        if stored.user_attrs.get(name) != attribute:
            storage.set_trial_user_attr(trial_id, name, attribute)
    if trial.value is not None:
        # Not with the final state: Optuna would set the present time as the trial's end.
        storage.set_trial_state_values(trial_id, State.RUNNING, [trial.value])


_TRIALS = sqlalchemy.table(
    "trials",
    sqlalchemy.column("trial_id"),
    sqlalchemy.column("state", sqlalchemy.String),
    sqlalchemy.column("datetime_complete", sqlalchemy.DateTime),
)


def _set_state(storage: RDBStorage, trial_id: int, state: State, ended: datetime | None) -> None:
    """What Optuna's interface does not offer: an end that is not now, and the way back from a finished state."""
    ended_utc = ended.astimezone(UTC).replace(tzinfo=None) if ended else None
    change = sqlalchemy.update(_TRIALS).where(_TRIALS.c.trial_id == trial_id)
    with storage.engine.begin() as connection:
        connection.execute(change.values(state=state.name, datetime_complete=ended_utc))


def _opened(first: Entry) -> StudyOpened:
    assert isinstance(first.event, StudyOpened)
    return first.event


def _storage(path: Path) -> RDBStorage:
    url = sqlalchemy.URL.create("sqlite", database=str(path)).render_as_string()
    # RDBStorage takes the address for a format string.
    escaped = url.replace("{", "{{").replace("}", "}}")
    storage = RDBStorage(escaped, engine_kwargs={"connect_args": {"timeout": _LOCK_TIMEOUT_S}})
    storage.engine.dispose()
    sqlalchemy.event.listen(storage.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    return storage


def _create(path: Path, first: Entry) -> None:
    """Under another name first: a file that bears the name is always a whole study."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    opened = _opened(first)
    minimize = Objective(opened.config["objective"]) is Objective.loss
    storage = _storage(temporary)
    with _quiet_optuna():
        study_id = storage.create_new_study([StudyDirection.MINIMIZE if minimize else StudyDirection.MAXIMIZE], opened.study)
    storage.set_study_user_attr(study_id, _UID, study_uid(first))
    storage.remove_session()
    storage.engine.dispose()
    os.replace(temporary, path)


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Optuna announces every study that it makes."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)


def _belongs(path: Path, uid: str) -> bool:
    """Whether the file can be read and holds the study of that uid. Raises sqlite3.Error when it cannot be reached."""
    try:
        with closing(sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S)) as connection:
            if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
                return False
            rows = connection.execute("SELECT key, value_json FROM study_user_attributes").fetchall()
    except sqlite3.DatabaseError as error:
        if (error.sqlite_errorcode & 0xFF) in _NOT_ITS_CONTENT:
            raise
        return False
    return {key: json.loads(value) for key, value in rows}.get(_UID) == uid


@contextmanager
def _reaching(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error, sqlalchemy.exc.SQLAlchemyError, StorageInternalError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise TrackingError(f"{path} cannot be written: {reason}", "free the file, or delete it: it is rebuilt") from error
