"""Real stores for the tests of the mirrors."""

from __future__ import annotations

import functools
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from sqlalchemy import Engine, event

from sweep.mirrors.mlflow_mirror_client import MlflowTracking


@event.listens_for(Engine, "connect")
def _do_not_wait_for_the_disk(connection: Any, _: Any) -> None:
    """None of these tests is about power cuts, and it is most of their time."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@functools.cache
def _empty_mlflow_db() -> bytes:
    """MLflow takes seconds to create its tables: once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mlflow.db"
        before = os.getcwd()
        os.chdir(folder)
        try:
            MlflowTracking(f"sqlite:///{path}")
        finally:
            os.chdir(before)
        return path.read_bytes()


def new_mlflow(folder: Path) -> str:
    """The address of a fresh MLflow database in `folder`. Its artifacts go to the working folder's mlruns."""
    path = folder / "mlflow.db"
    path.write_bytes(_empty_mlflow_db())
    return f"sqlite:///{path}"


def runs_by_key(uri: str) -> dict[str, Run]:
    """Every run of the server, by `study` or the trial's number; fails when two bear the same key."""
    client = MlflowClient(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, run_view_type=ViewType.ACTIVE_ONLY, max_results=1000)
    keys = [run.data.tags["sweep.key"].partition("/")[2] for run in runs]
    assert len(set(keys)) == len(keys), f"a run was created twice: {keys}"
    return dict(zip(keys, runs, strict=True))


def dump_mlflow(uri: str) -> dict[str, Any]:
    """All that the server shows, without what differs between two equal deliveries (ids and places)."""
    client = MlflowClient(uri)
    shown: dict[str, Any] = {}
    for key, run in runs_by_key(uri).items():
        metrics = {
            name: [(point.step, point.timestamp, repr(point.value)) for point in client.get_metric_history(run.info.run_id, name)]
            for name in run.data.metrics
        }
        tags = {name: value for name, value in run.data.tags.items() if name != "mlflow.parentRunId"}
        assert run.inputs is not None
        inputs = [(item.dataset.name, item.dataset.digest) for item in run.inputs.dataset_inputs]
        info = run.info
        artifacts = sorted(_artifacts(client, info.run_id, ""))
        shown[key] = (info.status, info.start_time, info.end_time, run.data.params, metrics, tags, inputs, artifacts)
    return shown


def _artifacts(client: MlflowClient, run_id: str, folder: str) -> list[str]:
    found: list[str] = []
    for item in client.list_artifacts(run_id, folder):
        found += _artifacts(client, run_id, item.path) if item.is_dir else [item.path]
    return found


def dump_optuna(path: Path) -> list[tuple[Any, ...]]:
    """Every row that tells of a trial or the study, as the file holds them."""
    queries = (
        "SELECT number, state, datetime_start, datetime_complete FROM trials ORDER BY number",
        "SELECT number, param_name, param_value, distribution_json FROM trial_params NATURAL JOIN trials ORDER BY 1, 2",
        "SELECT number, step, intermediate_value FROM trial_intermediate_values NATURAL JOIN trials ORDER BY 1, 2",
        "SELECT number, value FROM trial_values NATURAL JOIN trials ORDER BY 1, 2",
        "SELECT number, key, value_json FROM trial_user_attributes NATURAL JOIN trials ORDER BY 1, 2",
        "SELECT study_name, direction FROM studies NATURAL JOIN study_directions",
        "SELECT key, value_json FROM study_user_attributes ORDER BY key",
    )
    with closing(sqlite3.connect(path)) as connection:
        return [row for query in queries for row in connection.execute(query)]
