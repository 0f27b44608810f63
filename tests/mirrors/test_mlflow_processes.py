"""MLflow with other processes around: a real server on loopback, and several sweeps that start at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.mirrors.sample import SampleStudy, first_sitting, second_sitting
from tests.mirrors.stores import dump_mlflow, new_mlflow

from sweep.errors import TrackingError
from sweep.mirrors.mlflow_mirror import MlflowMirror


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(uri: str, port: int) -> Iterator[None]:
    """`mlflow server` over the database `uri`; gone afterwards."""
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--port", str(port), "--workers", "1"]
    quiet = subprocess.DEVNULL
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True, env=environment) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            yield
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.1)


def test_a_server_that_goes_away_and_comes_back_has_everything_once(study: SampleStudy, tmp_path: Path) -> None:
    database, port = new_mlflow(tmp_path), free_port()
    mirror = MlflowMirror(study.folder, pytest.fail, f"http://127.0.0.1:{port}")
    first_sitting(study)
    with serving(database, port):
        mirror.catch_up(study.entries[:14])
    began = time.monotonic()
    with pytest.raises(TrackingError, match="127.0.0.1"):
        mirror.catch_up(study.entries)
    assert time.monotonic() - began < 10
    assert mirror.cursor == 14
    second_sitting(study)
    with serving(database, port):
        mirror.catch_up(study.entries)
    served = dump_mlflow(database)
    (tmp_path / "direct").mkdir()
    direct = new_mlflow(tmp_path / "direct")
    MlflowMirror(study.folder, pytest.fail, direct).catch_up(study.entries)
    # Artifacts are left out: a server keeps them in its own place, which is gone with it.
    assert {key: run[:-1] for key, run in served.items()} == {key: run[:-1] for key, run in dump_mlflow(direct).items()}


def test_several_processes_may_create_the_database_at_once_and_say_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from sweep.mirrors.mlflow_mirror_client import *; MlflowTracking(resolve_tracking_uri(None)).experiment('x')"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW")}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    assert [process.communicate(timeout=120) for process in started] == [(b"", b"")] * 3
    assert [process.returncode for process in started] == [0] * 3
    assert (tmp_path / "mlflow.db").exists()
