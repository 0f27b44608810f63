"""study.db and mlflow.db in another process's hands: the search goes on, and later everything is there once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from sweep.mirrors import pump as pump_module
from sweep.mirrors.mlflow_mirror import MlflowMirror
from sweep.mirrors.optuna_file import StudyFile
from sweep.mirrors.optuna_mirror import OptunaMirror
from sweep.mirrors.pump import MirrorPump
from tests.mirrors.checker import check_mlflow, check_optuna
from tests.mirrors.sample import DISTRIBUTIONS, SampleStudy, first_sitting, second_sitting
from tests.mirrors.stores import new_mlflow

HOLD = """
import sqlite3, sys
connections = [sqlite3.connect(path) for path in sys.argv[1:]]
for connection in connections:
    connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(*databases: Path) -> Iterator[None]:
    """For as long as the block lasts, by another process."""
    command = [sys.executable, "-c", HOLD, *map(str, databases)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.kill()


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleStudy]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk's pace is no part of these tests
    study = SampleStudy(tmp_path / "study")
    yield study
    study.journal.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both stores give up on a lock after 0.2 s instead of 10 and 20."""
    monkeypatch.setattr("sweep.mirrors.optuna_file._LOCK_TIMEOUT_S", 0.2)
    for name in ("POLL_S", "FIRST_WAIT_S", "LONGEST_WAIT_S", "HURRIED_WAIT_S"):
        monkeypatch.setattr(pump_module, name, 0.05)

    def shorten(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _m: Any) -> tuple[str, Any]:
        return statement.replace("busy_timeout = 20000", "busy_timeout = 200"), parameters

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", shorten, retval=True)
    yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", shorten)


def survive_a_lock(study: SampleStudy, folder: Path, give_up_s: float, hold_s: float) -> None:
    uri = new_mlflow(folder)
    file = folder / "study.db"
    mirrors = [OptunaMirror(StudyFile(file, pytest.fail), DISTRIBUTIONS), MlflowMirror(study.folder, pytest.fail, uri)]
    pump = MirrorPump(mirrors, study.entries)
    first_sitting(study)
    assert pump.flush(timeout_s=30) == []
    with held(file, folder / "mlflow.db"):
        began = time.monotonic()
        second_sitting(study)
        assert time.monotonic() - began < 1, "the training waited"
        while not all(feed.error for feed in pump.feeds):
            assert time.monotonic() - began < give_up_s
            time.sleep(0.02)
        assert ["locked" in feed.error for feed in pump.feeds] == [True, True]
        assert all(feed.waiting for feed in pump.feeds)
        time.sleep(max(0.0, hold_s - (time.monotonic() - began)))
    assert pump.flush(timeout_s=60) == []
    pump.close()
    assert check_optuna(f"sqlite:///{file}", study.entries) == []
    assert check_mlflow(uri, study.entries, study.folder) == []


@pytest.mark.usefixtures("impatient")
def test_what_a_locked_database_lacks_is_said_and_delivered_when_it_is_free(
    study: SampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    survive_a_lock(study, tmp_path, give_up_s=5, hold_s=1)
    assert capfd.readouterr() == ("", ""), "the stores' libraries write tracebacks about locks"


@pytest.mark.slow
def test_a_database_that_is_locked_for_long_gets_everything_in_the_end(study: SampleStudy, tmp_path: Path) -> None:
    survive_a_lock(study, tmp_path, give_up_s=60, hold_s=30)
