"""The few things asked of MLflow, in plain values, through its client alone: no active run, no global tracking URI."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import sqlalchemy.exc

from sweep.errors import TrackingError
from sweep.mirrors.mlflow_connection import connect, quiet_mlflow
from sweep.mirrors.mlflow_view import KEY_TAG, MetricPoint, RunLook, RunStatus
from sweep.mirrors.tracking_uri import absolute, redacted

T = TypeVar("T")

METRICS_PER_CALL, PARAMS_PER_CALL, TAGS_PER_CALL = 800, 100, 100
"""MLflow takes 1,000, 100 and 100, and no more than 1,000 together."""
EXPERIMENT_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Opens MLflow's pages about training rather than those about language models."""
MAX_PARAM_CHARS, MAX_TAG_CHARS = 6000, 8000
LONG_VALUES = "long_values"
"""The artifacts' folder for the values that are longer than that."""
SHORTENED = f" … shortened; the whole is in {LONG_VALUES}"
DIGEST_CHARS = 36
MAX_REASON_CHARS = 200


class RunDeleted(TrackingError):
    """Somebody deleted the run on the server."""


def resolve_tracking_uri(uri: str | None) -> str:
    """`uri`, or MLflow's own choice: MLFLOW_TRACKING_URI, else `sqlite:///mlflow.db` in the working folder."""
    return absolute(uri or str(quiet_mlflow().get_tracking_uri()))


class MlflowTracking:
    """One tracking server, or database.

    Everything raises TrackingError, without any password, when the server cannot be reached or refuses, and once `abandoned`
    is set.
    """

    def __init__(self, uri: str, abandoned: threading.Event | None = None) -> None:
        self.uri = uri
        self._abandoned = abandoned or threading.Event()
        quiet_mlflow()  # before anything else imports it, loudly
        with self._reaching():
            self._client = connect(uri)

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

    def find(self, experiment_id: str, key: str) -> list[str]:
        """The ids of the runs that bear `key`. There may be one of which we never heard: the answer to its creation was lost."""
        with self._reaching():
            found = self._client.search_runs([experiment_id], f"tags.`{KEY_TAG}` = '{key}'")
            return [str(run.info.run_id) for run in found]

    def delete(self, run_id: str) -> None:
        """Marks the run as deleted, as MLflow's pages do."""
        with self._reaching():
            self._client.delete_run(run_id)

    def create(self, experiment_id: str, name: str, started_at: float, tags: Mapping[str, str]) -> str:
        """A new run, running since `started_at` (seconds since the epoch)."""
        with self._reaching():
            short = {tag: shortened(value, MAX_TAG_CHARS) for tag, value in tags.items()}
            return str(self._client.create_run(experiment_id, _ms(started_at), short, name).info.run_id)

    def log(self, run_id: str, metrics: Sequence[MetricPoint], params: Mapping[str, str], tags: Mapping[str, str]) -> list[str]:
        """In as few calls as MLflow's limits allow; a value over its length is shortened, and whole among the artifacts.

        What is there already stays as it is: returns the names of the params of which MLflow keeps an earlier value.
        """
        self._keep_whole(run_id, params, MAX_PARAM_CHARS)
        self._keep_whole(run_id, tags, MAX_TAG_CHARS)
        params = {name: shortened(value, MAX_PARAM_CHARS) for name, value in params.items()}
        tags = {name: shortened(value, MAX_TAG_CHARS) for name, value in tags.items()}
        changed = self._changed_params(run_id, params)
        self._log_batches(run_id, metrics, {name: value for name, value in params.items() if name not in changed}, tags)
        return changed

    def _changed_params(self, run_id: str, params: Mapping[str, str]) -> list[str]:
        """MLflow refuses a whole batch for one param that has another value already."""
        if not params:
            return []
        with self._reaching():
            logged = self._client.get_run(run_id).data.params
        return sorted(name for name, value in params.items() if logged.get(name, value) != value)

    def _keep_whole(self, run_id: str, values: Mapping[str, str], max_chars: int) -> None:
        for name, value in values.items():
            if len(value) > max_chars:
                with self._reaching():
                    self._client.log_text(run_id, value, f"{LONG_VALUES}/{name}.txt")

    def _log_batches(
        self, run_id: str, metrics: Sequence[MetricPoint], params: Mapping[str, str], tags: Mapping[str, str]
    ) -> None:
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

        if self._abandoned.is_set():
            raise TrackingError("MLflow is not written any more", "deliver later what waits")
        try:
            yield
        except (MlflowException, sqlalchemy.exc.SQLAlchemyError, OSError) as error:
            reason = redacted(_reason(error), self.uri)[:MAX_REASON_CHARS]
            kind = RunDeleted if "must be in the 'active' state" in reason else TrackingError
            where = redacted(self.uri, self.uri)
            # `from None`: the cause's own text may hold the password.
            raise kind(f"MLflow at {where}: {reason}", "start the server, or check MLFLOW_TRACKING_URI") from None


def shortened(value: str, max_chars: int) -> str:
    """`value`, cut and marked as such where it is longer than `max_chars`."""
    return value if len(value) <= max_chars else value[: max_chars - len(SHORTENED)] + SHORTENED


def _reason(error: Exception) -> str:
    """What the system or the database said, where it did: what is wrapped around that are names of exceptions."""
    innermost: BaseException = error
    while (cause := innermost.__cause__ or innermost.__context__) is not None:
        innermost = cause
    said = innermost if isinstance(innermost, (OSError, sqlite3.Error)) and str(innermost) else error
    return str(said).strip().partition("\n")[0]


def _parts(rows: list[T], size: int) -> Iterator[list[T]]:
    """`rows` in slices of at most `size`, then empty lists for good."""
    start = 0
    while True:
        yield rows[start : start + size]
        start += size


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
