"""The few things asked of MLflow, in plain values, through its client alone: no active run, no global tracking URI."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy.exc

from sweep.errors import TrackingError
from sweep.journal.lock import take_lock
from sweep.mirrors.mlflow_view import KEY_TAG, MetricPoint, RunLook, RunStatus
from sweep.mirrors.tracking_uri import absolute, redacted, sqlite_path

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")

METRICS_PER_CALL, PARAMS_PER_CALL, TAGS_PER_CALL = 800, 100, 100
"""MLflow takes 1,000, 100 and 100, and no more than 1,000 together."""
EXPERIMENT_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Opens MLflow's pages about training rather than those about language models."""
DIGEST_CHARS = 36
MAX_REASON_CHARS = 200
"""Of a failed request the rest is the names of the exceptions that it went through."""
_INIT_TIMEOUT_S = 120.0
"""Creating MLflow's tables takes seconds; on a busy machine many."""
_ENVIRONMENT = {
    # MLflow's own 7 retries of 120 s each would hold a sweep's end up for minutes when the server is gone.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class RunDeleted(TrackingError):
    """Somebody deleted the run on the server."""


def resolve_tracking_uri(uri: str | None) -> str:
    """`uri`, or MLflow's own choice: MLFLOW_TRACKING_URI, else `sqlite:///mlflow.db` in the working folder."""
    return absolute(uri or str(_mlflow().get_tracking_uri()))


class MlflowTracking:
    """One tracking server, or database.

    Everything raises TrackingError, without any password, when the server cannot be reached or refuses.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        _mlflow()  # before anything else imports it, loudly
        with self._reaching():
            self._client = _connect(uri)

    def experiment(self, name: str) -> str:
        """The id of the experiment, which is created or brought back if need be."""
        with self._reaching():
            found = self._client.get_experiment_by_name(name)
            if found is None:
                return str(self._client.create_experiment(name, tags=EXPERIMENT_KIND))
            if found.lifecycle_stage == "deleted":
                self._client.restore_experiment(found.experiment_id)
            return str(found.experiment_id)

    def exists(self, run_id: str) -> bool:
        from mlflow.exceptions import MlflowException

        with self._reaching():
            try:
                self._client.get_run(run_id)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                return False
            return True

    def tags(self, run_id: str) -> dict[str, str]:
        """The run's tags; TrackingError when there is no run of that id."""
        if not self.exists(run_id):
            raise TrackingError(
                f"there is no run {run_id!r} at {redacted(self.uri)}",
                "copy the id from the run's page, and start in the folder of the sweep or set MLFLOW_TRACKING_URI",
            )
        with self._reaching():
            return dict(self._client.get_run(run_id).data.tags)

    def find(self, experiment_id: str, key: str) -> str | None:
        """The id of the run that bears `key`. There may be one of which we never heard: the answer to its creation was lost."""
        with self._reaching():
            found = self._client.search_runs([experiment_id], f"tags.`{KEY_TAG}` = '{key}'", max_results=1)
            return str(found[0].info.run_id) if found else None

    def create(self, experiment_id: str, name: str, started_at: float, tags: Mapping[str, str]) -> str:
        """A new run, running since `started_at` (seconds since the epoch)."""
        with self._reaching():
            return str(self._client.create_run(experiment_id, _ms(started_at), dict(tags), name).info.run_id)

    def log(self, run_id: str, metrics: Sequence[MetricPoint], params: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """In as few calls as MLflow's limits allow; what is there already stays as it is."""
        from mlflow.entities import Metric, Param, RunTag

        parts = zip(
            _parts([Metric(point.name, point.value, _ms(point.time), point.step) for point in metrics], METRICS_PER_CALL),
            _parts([Param(name, value) for name, value in params.items()], PARAMS_PER_CALL),
            _parts([RunTag(name, value) for name, value in tags.items()], TAGS_PER_CALL),
            strict=False,
        )
        with self._reaching():
            for some_metrics, some_params, some_tags in parts:
                if not (some_metrics or some_params or some_tags):
                    return
                self._client.log_batch(run_id, some_metrics, some_params, some_tags)

    def log_dataset(self, run_id: str, dataset: Mapping[str, object]) -> None:
        """`dataset` as the journal's opening describes it, as the run's training input."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        source = json.dumps({"uri": dataset["root"]})
        profile = json.dumps({name: dataset[name] for name in ("num_pictures", "num_classes") if name in dataset})
        entity = Dataset(str(dataset["name"]), str(dataset["fingerprint"])[:DIGEST_CHARS], "local", source, profile=profile)
        with self._reaching():
            self._client.log_inputs(run_id, [DatasetInput(entity, [InputTag("mlflow.data.context", "training")])])

    def show(self, run_id: str, look: RunLook) -> None:
        """Sets the run's status and, where it has ended, when."""
        with self._reaching():
            if look.status is RunStatus.RUNNING or look.ended_at is None:
                self._client.update_run(run_id, status=look.status)
            else:
                self._client.set_terminated(run_id, look.status, _ms(look.ended_at))

    def upload(self, run_id: str, file: Path, folder: str) -> None:
        """Puts `file` into the run's artifacts, under `folder` (or at their top)."""
        with self._reaching():
            self._client.log_artifact(run_id, str(file), folder or None)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        from mlflow.exceptions import MlflowException

        try:
            yield
        except (MlflowException, sqlalchemy.exc.SQLAlchemyError, OSError) as error:
            reason = redacted(str(error).strip().partition("\n")[0])[:MAX_REASON_CHARS]
            kind = RunDeleted if "must be in the 'active' state" in reason else TrackingError
            # `from None`: the cause's own text may hold the password.
            raise kind(f"MLflow at {redacted(self.uri)}: {reason}", "start the server, or check MLFLOW_TRACKING_URI") from None


def _mlflow() -> ModuleType:
    """MLflow, imported on first use (seconds), and quiet."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow
    for chatty in ("mlflow", "alembic", "urllib3"):  # what matters comes as an exception
        logging.getLogger(chatty).setLevel(logging.ERROR)
    return mlflow


def _connect(uri: str) -> MlflowClient:
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
    client: MlflowClient = _mlflow().MlflowClient(uri)
    client.search_experiments(max_results=1)  # the first call creates the tables where there are none
    return client


def _create_database(path: Path) -> None:
    """Creates MLflow's tables under a temporary name: a process killed in between would leave a file nobody can use."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    _reached(f"sqlite:///{temporary}")
    if not path.exists():
        os.replace(temporary, path)


def _parts(rows: list[T], size: int) -> Iterator[list[T]]:
    """`rows` in slices of at most `size`, then empty lists for good."""
    start = 0
    while True:
        yield rows[start : start + size]
        start += size


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
