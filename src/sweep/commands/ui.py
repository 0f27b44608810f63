"""MLflow's own pages over the runs of this folder."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import sys
from pathlib import Path

from sweep.commands.arguments import Parser
from sweep.errors import ConfigError, TrackingError

HOST = "127.0.0.1"
LAST_PORT = 65535
_OPENING_VARIABLES = ("MLFLOW_HOST", "MLFLOW_UVICORN_OPTS", "MLFLOW_GUNICORN_OPTS", "UVICORN_", "GUNICORN_")
"""Beginnings of variables that could have the server listen elsewhere than it was told."""


def main(arguments: list[str]) -> int:
    """Serves MLflow's pages until Ctrl-C."""
    parser = Parser(prog="python -m sweep ui", description="Browse this folder's runs in MLflow.", allow_abbrev=False)
    parser.add_argument("--port", type=int, default=5000, metavar="N", help="where the pages are (5000)")
    parser.add_argument("--host", default=HOST, metavar="ADDR", help=f"the address to listen at ({HOST}: this machine alone)")
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="let --host be an address that other machines reach: whoever does may read and delete everything",
    )
    options = parser.parse_args(arguments)
    return start_ui(options.port, options.host, allow_remote=options.allow_remote)


def start_ui(port: int = 5000, host: str = HOST, *, allow_remote: bool = False) -> int:
    """Serves MLflow's UI until Ctrl-C, on this machine alone unless `allow_remote` is given; returns the exit code.

    Shows `sqlite:///mlflow.db` of the working folder, or the database that MLFLOW_TRACKING_URI names. Where that is a
    server, it has its own pages: their address is printed and nothing is started. Raises ConfigError for a port that no
    machine has and an address that is not allowed, TrackingError when there are no runs yet or the port is taken.
    """
    if not 1 <= port <= LAST_PORT:
        raise ConfigError(f"--port={port} is not a port", f"allowed: 1 to {LAST_PORT}")
    address = _address(host, allow_remote)
    from sweep.mirrors.mlflow_mirror_client import MlflowTracking, resolve_tracking_uri
    from sweep.mirrors.tracking_uri import redacted, sqlite_path

    uri = resolve_tracking_uri(None)
    if uri.startswith(("http://", "https://")):
        print(f"MLflow's pages: {redacted(uri)}")
        return 0
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        raise TrackingError(f"there are no runs yet: no {path}", "start in the folder of a sweep, or set MLFLOW_TRACKING_URI")
    _check_port(address, port)
    MlflowTracking(uri)  # migrates an older database in turn with other processes, or says what is wrong with it
    shown = f"[{address}]" if ":" in address else address
    print(f"MLflow's pages: http://{shown}:{port}  (Ctrl-C ends them)", flush=True)
    return _serve(uri, address, port)


def _address(host: str, allow_remote: bool) -> str:
    """The number behind `host`, so that what was checked is what the server listens at."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)} if host else set()
    except (OSError, ValueError):  # ValueError: a name that no machine can have
        found = set()
    if not found:
        raise ConfigError(f"--host={host} is no address of this machine", f"leave it out: {HOST}, this machine alone")
    address = HOST if HOST in found else min(found)
    is_for_all = not all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)
    if is_for_all and not allow_remote:
        raise ConfigError(
            f"--host={host} lets other machines in, and MLflow's pages have no password: whoever comes may read and delete",
            f"leave it out ({HOST}, this machine alone) and tunnel with ssh, or add --allow-remote",
        )
    return address


def _serve(uri: str, address: str, port: int) -> int:
    command = [sys.executable, "-m", "mlflow", "ui", "--host", address, "--port", str(port), "--workers", "1"]
    # Job execution would start seven more processes for features that pages over runs do not use.
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONWARNINGS": "ignore"}
    environment |= {name: value for name, value in os.environ.items() if not name.startswith(_OPENING_VARIABLES)}
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        # MLflow by itself answers to numbers alone, not to the machine's name.
        environment["MLFLOW_SERVER_ALLOWED_HOSTS"] = os.environ.get("MLFLOW_SERVER_ALLOWED_HOSTS", "*")
    # Not as an argument: the address may hold a password, and everyone can see a process's arguments.
    environment["MLFLOW_BACKEND_STORE_URI"] = uri
    with subprocess.Popen(command, env=environment, cwd=Path.cwd()) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:  # the server got it too
            server.wait()
            return 0


def _check_port(address: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise TrackingError(
                f"port {port} of {address} cannot be used: {error.strerror}", "name another one: --port N"
            ) from None
