"""MLflow's own pages over the runs of this folder."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path

from sweep.errors import ConfigError, TrackingError

HOST = "127.0.0.1"
LAST_PORT = 65535


def main(arguments: list[str]) -> int:
    """Serves MLflow's pages until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m sweep ui", description="Browse this folder's runs in MLflow.")
    parser.add_argument("--port", type=int, default=5000, metavar="N", help="on this machine alone (5000)")
    return start_ui(parser.parse_args(arguments).port)


def start_ui(port: int = 5000) -> int:
    """Serves MLflow's UI on this machine alone until Ctrl-C; returns the exit code.

    Shows `sqlite:///mlflow.db` of the working folder, or the database that MLFLOW_TRACKING_URI names. Where that is a
    server, it has its own pages: their address is printed and nothing is started. Raises ConfigError for a port that no
    machine has, TrackingError when there are no runs yet or the port is taken.
    """
    if not 1 <= port <= LAST_PORT:
        raise ConfigError(f"--port={port} is not a port", f"allowed: 1 to {LAST_PORT}")
    from sweep.mirrors.mlflow_mirror_client import MlflowTracking, resolve_tracking_uri
    from sweep.mirrors.tracking_uri import redacted, sqlite_path

    uri = resolve_tracking_uri(None)
    if uri.startswith(("http://", "https://")):
        print(f"MLflow's pages: {redacted(uri)}")
        return 0
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        raise TrackingError(f"there are no runs yet: no {path}", "start in the folder of a sweep, or set MLFLOW_TRACKING_URI")
    _check_port(port)
    MlflowTracking(uri)  # migrates an older database in turn with other processes, or says what is wrong with it
    print(f"MLflow's pages: http://{HOST}:{port}  (Ctrl-C ends them)", flush=True)
    return _serve(uri, port)


def _serve(uri: str, port: int) -> int:
    command = [sys.executable, "-m", "mlflow", "ui", "--host", HOST, "--port", str(port), "--workers", "1"]
    # Job execution would start seven more processes for features that pages over runs do not use.
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONWARNINGS": "ignore"} | os.environ
    # Not as an argument: the address may hold a password, and everyone can see a process's arguments.
    environment["MLFLOW_BACKEND_STORE_URI"] = uri
    with subprocess.Popen(command, env=environment, cwd=Path.cwd()) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:  # the server got it too
            server.wait()
            return 0


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise TrackingError(f"port {port} of {HOST} cannot be used: {error.strerror}", "name another one: --port N") from None
