"""The study in a database that several studies and people share, such as PostgreSQL."""

from __future__ import annotations

import logging
import time
from typing import Any

import sqlalchemy
import sqlalchemy.exc
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage

from sweep.errors import TrackingError
from sweep.journal.journal import Entry
from sweep.mirrors.mirror import study_uid
from sweep.mirrors.optuna_store import OpenStudy, belongs, create_study, new_storage, open_study, opening
from sweep.mirrors.tracking_uri import redacted

ADDRESS_VARIABLE = "OPTUNA_STORAGE"
"""As Optuna's own command line reads it."""
_CONNECT_TIMEOUT_S = 10
_ANSWER_TIMEOUT_S = 30
_CREATION_ATTEMPTS = 3
_CREATION_PAUSE_S = 1.0


class StudyServer:
    """The database at `address`. Under its name, or `<name>-<uid>` where another study has that; nothing is moved aside there."""

    name = "Optuna's storage"
    remedy = f"start the server, or check {ADDRESS_VARIABLE}"

    def __init__(self, address: str) -> None:
        self.address = address
        self.where = f"Optuna's storage {redacted(address, address)}"

    def open(self, first: Entry) -> OpenStudy:
        storage = self._storage()
        try:
            for name in (opening(first).study, f"{opening(first).study}-{study_uid(first)}"):
                found = _find_or_create(storage, name, first)
                if belongs(storage.get_study_user_attrs(found.study_id), first):
                    return found
        except BaseException:
            storage.remove_session()
            storage.engine.dispose()
            raise
        raise TrackingError(f"{self.where}: the study's names are taken", "choose another database")

    def is_there(self) -> bool:
        return True

    def _storage(self) -> RDBStorage:
        # Its errors come as exceptions too; a broken connection's would fill the screen.
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
        try:
            url = sqlalchemy.make_url(self.address)
            return _with_tables(
                self.address,
                pool_pre_ping=True,
                connect_args=_connect_arguments(url.get_driver_name() in ("psycopg", "psycopg2")),
            )
        except ImportError as error:
            missing = f"{self.where} needs the package {error.name}" if error.name else f"{self.where} needs a driver"
            remedy = 'run `pip install "sweep[postgres]"` and begin the address with postgresql+psycopg://'
            raise TrackingError(missing, remedy) from None
        except sqlalchemy.exc.ArgumentError:  # its text may hold all of the address
            known = "give one such as postgresql+psycopg://user:password@host/database, or unset it for study.db"
            raise TrackingError(f"{ADDRESS_VARIABLE} holds no address that Optuna can use", known) from None


def _connect_arguments(is_libpq: bool) -> dict[str, Any]:
    """A server that answers no more must not hold the mirror for good."""
    if not is_libpq:
        return {}
    bounds = f"-c statement_timeout={1000 * _ANSWER_TIMEOUT_S} -c lock_timeout={1000 * _ANSWER_TIMEOUT_S}"
    return {"connect_timeout": _CONNECT_TIMEOUT_S, "tcp_user_timeout": 1000 * _ANSWER_TIMEOUT_S, "options": bounds}


def _with_tables(address: str, **engine_arguments: Any) -> RDBStorage:
    """Of several drivers that create the tables at once most fail, and find them there a moment later."""
    for _ in range(_CREATION_ATTEMPTS - 1):
        try:
            return new_storage(address, **engine_arguments)
        except (sqlalchemy.exc.ProgrammingError, sqlalchemy.exc.IntegrityError, StorageInternalError):
            time.sleep(_CREATION_PAUSE_S)
    return new_storage(address, **engine_arguments)


def _find_or_create(storage: RDBStorage, name: str, first: Entry) -> OpenStudy:
    try:
        return open_study(storage, name)
    except KeyError:
        pass
    try:
        create_study(storage.engine, name, first)
    except sqlalchemy.exc.IntegrityError:
        pass  # another one was faster: whose it is, its mark tells
    return open_study(storage, name)
