"""A password that reaches the program through the environment leaves it in no other way than to the server it is for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sweep.__main__ import main
from sweep.errors import EXIT_DONE, EXIT_USER_INPUT
from tests.mirrors.mlflow_server import free_port, server_database, serving
from tests.pictures import make_pictures

SECRETS = ("hunter2uri", "hunter2%40word", "hunter2@word", "hunter2token", "hunter2db", "hunter2pg")
TIMEOUT_S = 180


class Spy:
    """Runs the program and keeps whatever it shows: on the terminal, and to everybody who lists processes."""

    def __init__(self, where: Path, mlflow_port: int) -> None:
        self.where = where
        self.shown = ""
        self.environment = os.environ | {
            "HOME": str(where),
            "XDG_CACHE_HOME": str(where / "cache"),
            "MLFLOW_TRACKING_URI": f"http://me:hunter2uri@127.0.0.1:{mlflow_port}",
            "MLFLOW_TRACKING_USERNAME": "me",
            "MLFLOW_TRACKING_PASSWORD": "hunter2@word",
            "MLFLOW_TRACKING_TOKEN": "hunter2token",
            "OPTUNA_STORAGE": f"postgresql+psycopg://me:hunter2db@127.0.0.1:{free_port()}/studies",
            "PGPASSWORD": "hunter2pg",
        }

    def run(self, *arguments: str) -> int:
        output = self.where.with_suffix(".output")
        command = [sys.executable, "-m", "sweep", *arguments]
        with open(output, "wb") as file:
            program = psutil.Popen(command, cwd=self.where, env=self.environment, stdout=file, stderr=subprocess.STDOUT)
            deadline = time.monotonic() + TIMEOUT_S
            while program.poll() is None and time.monotonic() < deadline:
                self._list_processes(program)
                time.sleep(0.05)
            program.kill() if program.poll() is None else None
        self.shown += output.read_text()
        return int(program.wait())

    def _list_processes(self, program: psutil.Process) -> None:
        try:
            for process in (program, *program.children(recursive=True)):
                line = " ".join(process.cmdline())
                self.shown += "" if line in self.shown else f"{line}\n"
        except psutil.NoSuchProcess:
            pass


def told(text: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in text]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the server's own, which in life is another process
def test_a_password_is_in_no_file_record_line_or_list_of_processes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    root = make_pictures(tmp_path / "pictures", per_class=8)
    (tmp_path / "server").mkdir()
    quick = "data=folder model.weights=none data.image_size=32 train.epochs=1 execution.workers=1 execution.threads=1"
    port = free_port()
    spy = Spy(home, port)
    with server_database(tmp_path / "server") as _, serving(port):
        assert spy.run("train", f"data.root={root}", *quick.split(), "tracking.flush_timeout_s=8") == EXIT_DONE, spy.shown
        assert b"sweep.study" in (tmp_path / "server" / "mlflow.db").read_bytes(), "it reached the server"
        spy.run("ui")
        spy.run("reproduce", "0" * 32)
    for arguments in (["sync", "--timeout=1"], ["reproduce", "0" * 32]):
        spy.run(*arguments)
    assert "Optuna" in spy.shown and "worker_main" in spy.shown and "Traceback" not in spy.shown
    assert told(spy.shown.encode(errors="surrogateescape")) == []
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(root)]
    assert {path.name for path in files} >= {"journal.jsonl", "config.yaml", "environment.json", "mlflow.db", "worker-0.log"}
    assert {str(path): found for path in files if (found := told(path.read_bytes()))} == {}


@pytest.mark.parametrize(
    "argument",
    [
        "data.root=https://me:hunter2uri@pictures/plants",
        "data.name=https://me:hunter2uri@pictures",
        "+data.recommended.x=mysql://me:hunter2uri@db/x",
        "optimizer.lr=postgresql://me:hunter2uri@db/x",
        "output_dir=s3://bucket?aws_secret_key=hunter2uri",
        "nosuch=https://:hunter2uri@host",
        "+tracking.uri='http://me:hunter2uri@host:5000'",
        "data.extra_roots=[x,https://me:hunter2uri@y]",
    ],
)
@pytest.mark.parametrize("flags", [[], ["--cfg=job"], ["--multirun"]], ids=" ".join)
def test_an_address_with_a_password_is_no_setting(
    argument: str, flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([argument, *flags]) == EXIT_USER_INPUT
    shown = capsys.readouterr()
    assert told((shown.out + shown.err).encode()) == [] and list(tmp_path.iterdir()) == []
    assert shown.err.count("\n") == 1 and "password" in shown.err and "environment" in shown.err
