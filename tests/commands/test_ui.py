from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sweep.__main__ import main
from sweep.commands import ui
from sweep.errors import EXIT_USER_INPUT, TrackingError
from tests.mirrors.stores import new_mlflow

Popen = subprocess.Popen


@pytest.fixture(autouse=True)
def _nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda command, **named: pytest.fail(f"started {command}"))


def test_without_runs_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    with pytest.raises(TrackingError, match="no runs yet"):
        ui.start_ui()
    assert not (tmp_path / "mlflow.db").exists()


def test_a_taken_port_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_mlflow(tmp_path))
    with socket.create_server((ui.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TrackingError, match=f"port {port}"):
            ui.start_ui(port)


@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999"])
def test_a_port_that_no_machine_has_is_refused_in_one_line(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ui", f"--port={port}"]) == EXIT_USER_INPUT
    assert capsys.readouterr().err == f"error: --port={port} is not a port — allowed: 1 to 65535\n"


def test_a_server_has_its_own_pages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hunter2@tracking:5000")
    assert ui.start_ui() == 0
    assert capsys.readouterr().out == "MLflow's pages: http://***@tracking:5000\n"


def test_the_pages_are_of_this_folder_and_for_this_machine_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = new_mlflow(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    asked: dict[str, Any] = {}

    def serve(command: list[str], env: dict[str, str], **named: Any) -> Popen[bytes]:
        asked.update(command=command, store=env["MLFLOW_BACKEND_STORE_URI"])
        return Popen(["true"], **named)

    monkeypatch.setattr(subprocess, "Popen", serve)
    with socket.create_server((ui.HOST, 0)) as probe:
        port = probe.getsockname()[1]
    assert ui.start_ui(port) == 0
    assert asked["store"] == uri and uri not in asked["command"]
    assert asked["command"][asked["command"].index("--host") + 1] == "127.0.0.1"
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().out
