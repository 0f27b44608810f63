from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.commands.sync import EXIT_WAITING, main
from sweep.driver.lock import hold_study
from sweep.errors import EXIT_DONE, ConfigError, StudyError
from sweep.mirrors.mirror import study_uid
from sweep.mirrors.mlflow_ledger import Ledger, save_ledger
from tests.mirrors.checker import check_mlflow, check_optuna
from tests.mirrors.sample import SampleStudy, first_sitting
from tests.mirrors.stores import new_mlflow

NOBODY = "http://127.0.0.1:9"
"""The discard port, where nobody listens."""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleStudy]:
    """One that nobody has in hand and of which no store knows anything."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk's pace is no part of these tests
    study = SampleStudy(tmp_path / "outputs" / "study")
    first_sitting(study)
    yield study
    study.journal.close()


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://me:hunter2@127.0.0.1:{listener.getsockname()[1]}"


def test_what_waits_is_delivered_without_training(
    study: SampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    count = len(study.entries)
    journal = (study.folder / "journal.jsonl").read_bytes()
    assert main(["--timeout", "1"]) == EXIT_WAITING
    said = capsys.readouterr().out
    assert f"Optuna study.db: all {len(study.entries)} events are delivered" in said
    assert f"MLflow: {count} of {count} events wait: MLflow at http://127.0.0.1:9:" in said and "refused" in said
    assert "run `python -m sweep sync` again" in said
    uri = new_mlflow(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert main([]) == EXIT_DONE
    assert f"MLflow: all {len(study.entries)} events are delivered" in capsys.readouterr().out
    assert check_mlflow(uri, study.entries, study.folder) == []
    assert check_optuna(f"sqlite:///{study.folder}/study.db", study.entries) == []
    assert (study.folder / "journal.jsonl").read_bytes() == journal


def test_how_much_waits_is_known_while_the_server_is_out_of_reach(
    study: SampleStudy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    save_ledger(study.folder, Ledger(NOBODY, study_uid(study.entries[0]), cursor=20))
    assert main(["--timeout", "1"]) == EXIT_WAITING
    assert f"MLflow: {len(study.entries) - 20} of {len(study.entries)} events wait" in capsys.readouterr().out


@pytest.mark.slow
def test_a_server_that_hangs_is_not_waited_for_longer_than_asked(study: SampleStudy, silent_server: str) -> None:
    """In a process of its own, which must come to its end too; and it does without torch."""
    code = (
        "import sys; from sweep.commands.sync import main; status = main(['--timeout', '4'])\n"
        "print('torch' in sys.modules, file=sys.stderr); sys.exit(status)"
    )
    count, began = len(study.entries), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MLFLOW_TRACKING_URI": silent_server},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (EXIT_WAITING, "False\n")
    assert f"MLflow: {count} of {count} events wait: MLflow did not take everything within 4 s" in done.stdout
    assert f"Optuna study.db: all {len(study.entries)} events are delivered" in done.stdout
    assert time.monotonic() - began < 4 + 6  # MLflow's client waits for 20 s
    assert "hunter2" not in done.stdout + done.stderr


def test_a_study_in_somebodys_hands_is_left_alone(study: SampleStudy) -> None:
    with hold_study(study.folder), pytest.raises(StudyError, match="in the hands of process"):
        main([])


def test_an_impossible_timeout_is_refused(study: SampleStudy) -> None:
    for value in ("0", "-1", "nan", "inf", "soon"):
        with pytest.raises(ConfigError, match="--timeout"):
            main([f"--timeout={value}"])
