"""The study as Optuna's own `study.db`.

At every start the whole file is compared with the history, so it is written without waiting for the disk (a power cut may
lose some of it). The file is changed in place, never replaced, because a dashboard that has it open would go on showing the
old one.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import sqlalchemy
from optuna.storages import RDBStorage

from sweep.journal.journal import Entry
from sweep.mirrors.optuna_store import OpenStudy, belongs, create_study, new_storage, open_study, opening

_LOCK_TIMEOUT_S = 10.0
_NOT_ITS_CONTENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_IOERR,
}
"""SQLite's errors that say nothing about what is in the file."""


class StudyFile:
    """`path`. A file there that is damaged or of another study is moved aside, and said so."""

    name = "Optuna study.db"
    remedy = "free the file, or delete it: it is rebuilt"

    def __init__(self, path: Path, on_notice: Callable[[str], None]) -> None:
        self.path = path
        self.address = _address(path)
        self.where = str(path)
        self._on_notice = on_notice

    def open(self, first: Entry) -> OpenStudy:
        if self.path.exists() and not _holds(self.path, first):
            aside = next(path for n in itertools.count(1) if not (path := self.path.with_suffix(f".aside-{n}.db")).exists())
            self.path.rename(aside)
            self._on_notice(f"{self.path.name} was damaged or not of this study; it is written anew, the old one is {aside.name}")
        if not self.path.exists():
            _create(self.path, first)
        return open_study(_storage(self.path), opening(first).study)

    def is_there(self) -> bool:
        return self.path.exists()


def _create(path: Path, first: Entry) -> None:
    """Under another name first: a file that bears the name is always a whole study."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    storage = _storage(temporary)
    create_study(storage.engine, opening(first).study, first)
    storage.remove_session()
    storage.engine.dispose()
    os.replace(temporary, path)


def _storage(path: Path) -> RDBStorage:
    storage = new_storage(_address(path), connect_args={"timeout": _LOCK_TIMEOUT_S})
    storage.engine.dispose()
    sqlalchemy.event.listen(storage.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    return storage


def _address(path: Path) -> str:
    return sqlalchemy.URL.create("sqlite", database=str(path)).render_as_string()


def _holds(path: Path, first: Entry) -> bool:
    """Whether the file can be read and holds the study that `first` opened. Raises sqlite3.Error when it cannot be reached."""
    try:
        with closing(sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S)) as connection:
            if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
                return False
            rows = connection.execute("SELECT key, value_json FROM study_user_attributes").fetchall()
    except sqlite3.DatabaseError as error:
        if (error.sqlite_errorcode & 0xFF) in _NOT_ITS_CONTENT:
            raise
        return False
    return belongs({key: json.loads(value) for key, value in rows}, first)
