from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
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


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "0", "192.0.2.7", "8.8.8.8", "0x0", "::ffff:0.0.0.0"])
def test_an_address_that_others_reach_is_refused_unless_it_is_allowed(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ui", "--host", host]) == EXIT_USER_INPUT
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and f"--host={host} lets other machines in" in shown
    assert "no password" in shown and "--allow-remote" in shown


@pytest.mark.parametrize("host", ["", "no such host", "a" * 300, "h\0st"])
def test_what_is_no_address_is_refused(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ui", f"--host={host}", "--allow-remote"]) == EXIT_USER_INPUT
    assert "is no address of this machine" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--hots=::1"], ["--port=many"], ["--port"], ["study"], ["--allow"]])
def test_a_mistake_in_the_arguments_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ui", *arguments]) == EXIT_USER_INPUT
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and shown.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "address"), [(["--host=127.1"], "127.0.0.1"), (["--host=0.0.0.0", "--allow-remote"], "0.0.0.0")]
)
def test_the_server_listens_at_the_address_that_was_looked_up(
    arguments: list[str], address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_mlflow(tmp_path))
    asked: list[str] = []

    def serve(command: list[str], **named: Any) -> Popen[bytes]:
        asked.extend(command)
        return Popen(["true"])

    monkeypatch.setattr(subprocess, "Popen", serve)
    assert main(["ui", f"--port={free_port()}", *arguments]) == 0
    assert asked[asked.index("--host") + 1] == address


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
    port = free_port()
    assert ui.start_ui(port) == 0
    assert asked["store"] == uri and uri not in asked["command"]
    assert asked["command"][asked["command"].index("--host") + 1] == "127.0.0.1"
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().out


@pytest.mark.slow
def test_nobody_else_reaches_the_pages_and_no_process_shows_the_stores_address(tmp_path: Path) -> None:
    (tmp_path / "hunter2").mkdir()
    port = free_port()
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": new_mlflow(tmp_path / "hunter2"),
        "MLFLOW_HOST": "0.0.0.0",
        "MLFLOW_UVICORN_OPTS": "--host 0.0.0.0",
        "UVICORN_HOST": "0.0.0.0",
    }
    command = [sys.executable, "-m", "sweep", "ui", f"--port={port}"]
    with Popen(command, env=environment, cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL) as started:
        try:
            processes = [psutil.Process(started.pid)]
            listening: list[Any] = []
            deadline = time.monotonic() + 60
            while not listening and time.monotonic() < deadline:
                time.sleep(0.2)
                processes = [processes[0], *processes[0].children(recursive=True)]
                listening = [
                    found for each in processes for found in each.net_connections() if found.status == psutil.CONN_LISTEN
                ]
            assert {(found.laddr.ip, found.laddr.port) for found in listening} == {("127.0.0.1", port)}
            assert [word for each in processes for word in each.cmdline() if "hunter2" in word] == []
        finally:
            os.killpg(started.pid, signal.SIGINT)


def free_port() -> int:
    with socket.create_server((ui.HOST, 0)) as probe:
        return int(probe.getsockname()[1])
