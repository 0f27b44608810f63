"""A study's folder from a stranger: what lies in it is not run, and what its journal names is not taken from elsewhere."""

from __future__ import annotations

import os
import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import torch
from mlflow import MlflowClient

from sweep.__main__ import main
from sweep.errors import EXIT_DONE, EXIT_USER_INPUT, CheckpointError
from sweep.journal.events import ArtifactsWritten
from sweep.journal.journal import Entry
from sweep.mirrors.mlflow_mirror import MlflowMirror
from sweep.training.checkpoint import load_checkpoint, save_checkpoint
from tests.analysis.conftest import StudyBuilder
from tests.mirrors.stores import new_mlflow, runs_by_key
from tests.pictures import make_pictures


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.path),))


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


def test_code_in_a_checkpoint_with_a_good_checksum_is_not_run(tmp_path: Path, canary: Path) -> None:
    save_checkpoint(tmp_path / "checkpoint.pt", "key", {"model": Canary(canary)})
    with pytest.raises(CheckpointError, match="something other than plain values and tensors"):
        load_checkpoint(tmp_path / "checkpoint.pt", "key")
    assert not canary.exists()


Command = Callable[[], tuple[int, str]]


@pytest.fixture
def train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """One short training, or its continuation: the exit code and what is said."""
    root = make_pictures(tmp_path / "pictures", per_class=8)
    settings = f"data=folder data.root={root} output_dir={tmp_path}/outputs cache_dir={tmp_path}/cache data.image_size=32"
    quick = "model.weights=none train.epochs=1 execution=inline execution.threads=1 tracking.mlflow=false augment=none"

    def run() -> tuple[int, str]:
        code = main(["train", *settings.split(), *quick.split()])
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return run


@pytest.mark.slow
def test_a_study_db_that_is_a_pickle_is_replaced_and_not_opened(tmp_path: Path, canary: Path, train: Command) -> None:
    assert train()[0] == EXIT_DONE
    (database,) = tmp_path.glob("outputs/*/study.db")
    for content in (pickle.dumps(Canary(canary)), b"SQLite format 3\0" + pickle.dumps(Canary(canary))):
        database.write_bytes(content)
        code, shown = train()
        assert code == EXIT_DONE and "Traceback" not in shown
        with closing(sqlite3.connect(database)) as opened:
            assert opened.execute("select count(*) from trials").fetchone() == (1,)
    assert not canary.exists()


@pytest.mark.slow
def test_files_of_a_study_that_are_pickles_are_not_opened(
    tmp_path: Path, canary: Path, train: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the journal's place, and beside it as people hand over studies."""
    assert train()[0] == EXIT_DONE
    (study,) = (tmp_path / "outputs").iterdir()
    for name in ("study.pkl", "config.pickle", "sampler.pkl"):
        (study / name).write_bytes(pickle.dumps(Canary(canary)))
    torch.save({"model": Canary(canary)}, study / "trials" / "0000" / "checkpoint.pt")
    assert train()[0] == EXIT_DONE
    assert main(["reproduce", "best", "--output-dir", str(study.parent)]) == EXIT_DONE
    (study / "journal.jsonl").write_bytes(pickle.dumps(Canary(canary)) + b"\n")
    capsys.readouterr()
    for command in ("top", "status", "clean", "reproduce best"):
        assert main([*command.split(), "--output-dir", str(study.parent)]) == EXIT_USER_INPUT
        shown = capsys.readouterr().err
        assert "journal.jsonl is damaged" in shown and shown.count("\n") == 1
    code, shown = train()
    assert code == EXIT_USER_INPUT and "journal.jsonl is damaged" in shown and not canary.exists()


def test_what_a_journal_names_outside_of_the_study_is_not_uploaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = tmp_path / "outputs" / "study"
    (study / "report").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("hunter2")
    (study / "report" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (study / "report" / "summary.md").write_text("fine")
    hostile = ["../../secret.txt", str(tmp_path / "secret.txt"), "/etc/passwd", "report/link.txt", "report", "%2e%2e/secret.txt"]
    builder = StudyBuilder().trial(0, upto=1)
    builder.opened.config.update(tracking={"mlflow": True}, search={"strategy": "asha"})
    events = [*builder.events, ArtifactsWritten(trial=None, files=[*hostile, "report/summary.md"])]
    notices: list[str] = []
    uri = new_mlflow(tmp_path)
    mirror = MlflowMirror(study, notices.append, uri)
    mirror.catch_up([Entry(seq, 1000.0 + seq, event) for seq, event in enumerate(events)])
    mirror.close()
    run = runs_by_key(uri)["study"].info.run_id
    client = MlflowClient(uri)
    top = client.list_artifacts(run)
    assert [file.path for item in top if item.is_dir for file in client.list_artifacts(run, item.path)] == ["report/summary.md"]
    assert [item for item in top if not item.is_dir] == []
    assert sum("is not a file of the study's folder" in notice for notice in notices) == len(hostile)
    assert not any(b"hunter2" in path.read_bytes() for path in (tmp_path / "mlruns").rglob("*") if path.is_file())
