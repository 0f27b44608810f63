"""MLflow's own server on loopback, in this process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest
from tests.mirrors.stores import new_mlflow
from werkzeug.serving import WSGIRequestHandler, make_server


class QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Requests are no news."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server_database(folder: Path, *, serves_artifacts: bool = True) -> Iterator[str]:
    """The address of the database behind `serving`, fresh in `folder`; artifacts go to a folder there, by way of the server."""
    from mlflow.server import handlers

    uri = new_mlflow(folder)
    with pytest.MonkeyPatch.context() as patch:
        # As `mlflow server` tells its workers.
        patch.setenv("_MLFLOW_SERVER_FILE_STORE", uri)
        artifacts = str(folder / "artifacts")
        patch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", "mlflow-artifacts:/" if serves_artifacts else artifacts)
        patch.setenv("_MLFLOW_SERVER_ARTIFACT_DESTINATION", artifacts)
        patch.setenv("_MLFLOW_SERVER_SERVE_ARTIFACTS", "true")
        for store in ("_tracking_store", "_artifact_repo"):  # of the server before, in the same process
            patch.setattr(handlers, store, None)
        yield uri
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # the server sets it in its process, which here is ours


@contextmanager
def serving(port: int) -> Iterator[str]:
    """The server's address; it listens for as long as the block lasts."""
    from mlflow.server import app

    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
