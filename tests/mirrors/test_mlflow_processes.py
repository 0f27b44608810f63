"""MLflow with other processes around: a real server on loopback, and several sweeps that start at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mirrors.mlflow_server import free_port, server_database, serving
from tests.mirrors.sample import SampleStudy, first_sitting, second_sitting
from tests.mirrors.stores import dump_mlflow, new_mlflow, runs_by_key

from sweep.errors import TrackingError
from sweep.mirrors.mlflow_mirror import MlflowMirror

pytestmark = pytest.mark.slow


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    with server_database(tmp_path, serves_artifacts=False) as uri:
        yield uri


@pytest.mark.filterwarnings("ignore")  # the server's own, which in life is another process
def test_a_server_that_goes_away_and_comes_back_has_everything_once(study: SampleStudy, database: str, tmp_path: Path) -> None:
    port = free_port()
    mirror = MlflowMirror(study.folder, pytest.fail, f"http://127.0.0.1:{port}")
    first_sitting(study)
    with serving(port):
        mirror.catch_up(study.entries[:14])
    began = time.monotonic()
    with pytest.raises(TrackingError, match="127.0.0.1"):
        mirror.catch_up(study.entries)
    assert time.monotonic() - began < 5
    assert mirror.cursor == 14
    second_sitting(study)
    with serving(port):
        mirror.catch_up(study.entries)
    (tmp_path / "direct").mkdir()
    direct = new_mlflow(tmp_path / "direct")
    MlflowMirror(study.folder, pytest.fail, direct).catch_up(study.entries)
    assert dump_mlflow(database) == dump_mlflow(direct)


INITIALISE = """
from sweep.mirrors.mlflow_mirror_client import MlflowTracking, resolve_tracking_uri
MlflowTracking(resolve_tracking_uri(None)).experiment("leaves")
"""


@pytest.fixture
def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW")}


def test_a_database_whose_creator_was_killed_is_created_by_the_next(study: SampleStudy, environment: dict[str, str]) -> None:
    database, unfinished = Path("mlflow.db"), Path(".mlflow.db.new")
    creator = subprocess.Popen([sys.executable, "-c", INITIALISE], env=environment)
    while not unfinished.exists() or not unfinished.stat().st_size:
        assert creator.poll() is None, "it was done before it could be killed"
        time.sleep(0.002)
    creator.kill()
    creator.wait()
    assert not database.exists()
    first_sitting(study)
    MlflowMirror(study.folder, pytest.fail, f"sqlite:///{database}").catch_up(study.entries)
    assert sorted(runs_by_key(f"sqlite:///{database}")) == ["0000", "0001", "0002", "study"]
    assert not list(Path().glob(".mlflow.db.new*"))


def test_processes_may_create_the_database_at_once_and_say_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", INITIALISE]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe) for _ in range(2)]
    assert [process.communicate(timeout=120) for process in started] == [(b"", b"")] * 2
    assert [process.returncode for process in started] == [0, 0]
    assert (tmp_path / "mlflow.db").exists()
