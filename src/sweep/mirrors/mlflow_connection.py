"""MLflow's client for an address: imported late and quietly, its database created by one process at a time."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from sweep.journal.lock import take_lock
from sweep.mirrors.tracking_uri import sqlite_path

if TYPE_CHECKING:
    from mlflow import MlflowClient

_INIT_TIMEOUT_S = 120.0
"""Creating MLflow's tables takes seconds; on a busy machine many."""
_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",  # MLflow's own 120 s are long to wait for a server that is gone
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Where the user has not chosen otherwise."""
_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"


def quiet_mlflow() -> ModuleType:
    """MLflow, imported on first use (seconds), and quiet."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # Not the user's to choose: MLflow repeats a `create_run` whose answer was lost, which makes a second run. We ask first.
    os.environ[_RETRIES] = "0"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow
    for chatty in ("mlflow", "alembic", "urllib3", "sqlalchemy.pool"):  # what matters comes as an exception
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    return mlflow


def connect(uri: str) -> MlflowClient:
    """A client whose store was reached once.

    Of several processes that create the tables of one SQLite file at once most would fail, so they take turns.
    """
    path = sqlite_path(uri)
    turn = nullcontext() if path is None else take_lock(path.with_name(f".{path.name}.lock"), _INIT_TIMEOUT_S)
    with turn, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path is not None and not path.exists():
            _create_database(path)
        return _reached(uri)


def _reached(uri: str) -> MlflowClient:
    client: MlflowClient = quiet_mlflow().MlflowClient(uri)
    client.search_experiments(max_results=1)  # the first call creates the tables where there are none
    return client


def _create_database(path: Path) -> None:
    """Creates MLflow's tables under a temporary name: a process killed in between would leave a file nobody can use."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    _reached(f"sqlite:///{temporary}")
    if not path.exists():
        os.replace(temporary, path)
