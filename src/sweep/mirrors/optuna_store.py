"""Where Optuna's study is kept: what the file and the server have in common."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy
import sqlalchemy.exc
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage

from sweep.config import Objective
from sweep.errors import TrackingError
from sweep.journal.events import StudyOpened
from sweep.journal.journal import Entry
from sweep.mirrors.mirror import study_uid
from sweep.mirrors.tracking_uri import redacted

_UID = "sweep.uid"
_OUT_OF_REACH = (
    OSError,
    sqlite3.Error,
    sqlalchemy.exc.SQLAlchemyError,
    StorageInternalError,
    UnboundLocalError,  # Optuna's own, when the connection breaks within its transaction (optuna #5280)
    KeyError,  # the study is gone from a server that was emptied
    RuntimeError,  # the tables are of another version of Optuna
)


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study in a storage that answers."""

    storage: RDBStorage
    study_id: int
    trials: sqlalchemy.Table

    def close(self) -> None:
        self.storage.remove_session()
        self.storage.engine.dispose()


class OptunaStore(Protocol):
    """A place that keeps one study for Optuna."""

    name: str
    """As shown to people."""
    address: str
    """As SQLAlchemy has it; may hold a password."""
    where: str
    """As shown to people, without one."""
    remedy: str
    """What to do when it cannot be written."""

    def open(self, first: Entry) -> OpenStudy:
        """The study that `first` opened, which is created if need be. Raises what `reaching` knows."""

    def is_there(self) -> bool:
        """Whether what was opened is still what one would open."""


def new_storage(address: str, **engine_arguments: Any) -> RDBStorage:
    """Optuna's storage at an SQLAlchemy address; its tables are created if need be."""
    # RDBStorage takes the address for a format string.
    escaped = address.replace("{", "{{").replace("}", "}}")
    return RDBStorage(escaped, engine_kwargs=engine_arguments)


def open_study(storage: RDBStorage, name: str) -> OpenStudy:
    """Raises KeyError when there is no study of that name."""
    return OpenStudy(storage, storage.get_study_id_from_name(name), table(storage.engine, "trials"))


def create_study(engine: sqlalchemy.Engine, name: str, first: Entry) -> None:
    """The study and its mark in one go: one without a mark would be nobody's.

    Raises sqlalchemy.exc.IntegrityError when another study has that name.
    """
    studies, directions, attributes = (table(engine, kind) for kind in ("studies", "study_directions", "study_user_attributes"))
    minimize = Objective(opening(first).config["objective"]) is Objective.loss
    with engine.begin() as connection:
        inserted = connection.execute(studies.insert().values(study_name=name)).inserted_primary_key
        study_id = inserted[0] if inserted else None
        direction = "MINIMIZE" if minimize else "MAXIMIZE"
        connection.execute(directions.insert().values(study_id=study_id, direction=direction, objective=0))
        connection.execute(attributes.insert().values(study_id=study_id, key=_UID, value_json=json.dumps(study_uid(first))))


def table(engine: sqlalchemy.Engine, name: str) -> sqlalchemy.Table:
    """As the database has it: a state is text in SQLite, and of a type of its own in PostgreSQL."""
    return sqlalchemy.Table(name, sqlalchemy.MetaData(), autoload_with=engine, resolve_fks=False)


def belongs(attributes: dict[str, Any], first: Entry) -> bool:
    """Whether a study with these attributes is the one that `first` opened."""
    return bool(attributes.get(_UID) == study_uid(first))


def opening(first: Entry) -> StudyOpened:
    assert isinstance(first.event, StudyOpened)
    return first.event


@contextmanager
def reaching(store: OptunaStore) -> Iterator[None]:
    """Turns whatever a store that is out of reach raises into a TrackingError."""
    try:
        yield
    except _OUT_OF_REACH as error:
        cause = error.__cause__ or error.__context__ or error
        reason = redacted((str(cause).splitlines() or [type(cause).__name__])[0], store.address)
        # `from None`: the cause's own text may hold the password.
        raise TrackingError(f"{store.where} cannot be written: {reason}", store.remedy) from None
