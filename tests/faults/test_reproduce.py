"""A run of which something is gone is not reproduced, and what is gone is named (exit code 2); what differs is too (3, 4)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from mlflow import MlflowClient

from sweep.__main__ import main
from sweep.analysis.compare import Verdict
from sweep.config import ModelConfig, ModelName
from sweep.errors import EXIT_DONE, EXIT_USER_INPUT
from sweep.journal.events import EpochReported, SittingStarted, StudyOpened, TrialCreated
from sweep.journal.journal import Entry, encode, read
from sweep.models.network import build_model
from sweep.models.weights import ResolvedWeights
from tests.mirrors.stores import new_mlflow
from tests.pictures import make_pictures


@dataclass(frozen=True)
class Record:
    """A trial on record, its pictures and its weights, all free to be spoilt."""

    home: Path
    study: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def pictures(self) -> Path:
        return self.home / "pictures"

    @property
    def weights(self) -> Path:
        return self.home / "start.pth"

    def reproduce(self, run: str = "best") -> tuple[int, str]:
        """The exit code and what is printed, which never is a traceback."""
        self.capsys.readouterr()
        code = main(["reproduce", run, "--output-dir", str(self.study.parent)])
        shown = self.capsys.readouterr()
        assert "Traceback" not in shown.err
        if code == EXIT_USER_INPUT:
            assert shown.err.startswith("error: ") and shown.err.count("\n") == 1
        return code, shown.out + shown.err

    def rewrite(self, change: Callable[[Any], Any]) -> None:
        """Replaces the journal's events by what `change` makes of them, with good checksums."""
        path = self.study / "journal.jsonl"
        entries = [encode(Entry(entry.seq, entry.time, change(entry.event))) for entry in read(path)]
        path.write_bytes(b"".join(entries))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which one trial was trained from a weights file."""
    home = tmp_path_factory.mktemp("trained")
    make_pictures(home / "pictures", per_class=8)
    model = ModelConfig(name=ModelName.mnv3_small)
    torch.save(build_model(model, 2, 32, ResolvedWeights("none"), seed=1).state_dict(), home / "start.pth")
    _train(home)
    return home


def _train(home: Path) -> None:
    settings = (
        f"data=folder data.root={home}/pictures model.weights={home}/start.pth output_dir={home}/outputs cache_dir={home}/cache"
    )
    quick = "data.image_size=32 train.epochs=1 train.batch_size=8 execution=inline execution.threads=1 tracking=none augment=none"
    assert main(["train", *settings.split(), *quick.split()]) == EXIT_DONE


def _link_or_copy(source: str, target: str) -> None:
    """Files of megabytes, which no test writes into, need not be there twice."""
    is_large = source.endswith((".safetensors", ".pt", ".pth"))
    os.link(source, target) if is_large else shutil.copy2(source, target)


@pytest.fixture
def record(trained: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """The trained trial where it was trained; what a test spoils is mended afterwards."""
    backup = trained.with_name("backup")
    shutil.copytree(trained, backup, ignore=shutil.ignore_patterns("cache"), copy_function=_link_or_copy)
    (study,) = (trained / "outputs").iterdir()
    yield Record(trained, study, capsys)
    for part in ("pictures", "outputs", "start.pth"):
        shutil.rmtree(trained / part, ignore_errors=True) if (trained / part).is_dir() else (trained / part).unlink(
            missing_ok=True
        )
        shutil.move(backup / part, trained / part)
    shutil.rmtree(backup)


def test_what_is_all_there_is_identical(record: Record) -> None:
    code, shown = record.reproduce()
    assert code == EXIT_DONE and Verdict.identical in shown


def test_a_study_folder_that_is_gone(record: Record) -> None:
    shutil.rmtree(record.study)
    code, shown = record.reproduce()
    assert code == EXIT_USER_INPUT and f"there is no study in {record.study.parent}" in shown


def test_a_journal_that_is_gone(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    (record.study / "journal.jsonl").unlink()
    assert main(["reproduce", "0", "--study", record.study.name, "--output-dir", str(record.study.parent)]) == EXIT_USER_INPUT
    assert f"{record.study.name!r} in {record.study.parent} has lost its journal.jsonl" in record.capsys.readouterr().err


def test_a_weights_file_that_is_gone(record: Record) -> None:
    record.weights.unlink()
    code, shown = record.reproduce()
    assert code == EXIT_USER_INPUT and f"the weights file {record.weights} does not exist" in shown


def test_a_weights_file_that_is_another_is_refused(record: Record) -> None:
    model = ModelConfig(name=ModelName.mnv3_small)
    record.weights.unlink()
    torch.save(build_model(model, 2, 32, ResolvedWeights("none"), seed=2).state_dict(), record.weights)
    code, shown = record.reproduce()
    assert code == EXIT_USER_INPUT and f"{record.weights} is not the one" in shown


def test_all_pictures_gone(record: Record) -> None:
    shutil.rmtree(record.pictures)
    code, shown = record.reproduce()
    assert code == EXIT_USER_INPUT and str(record.pictures) in shown


@pytest.mark.parametrize("gone", [["rings/03.jpg"], [f"rings/{number:02d}.jpg" for number in range(8)]], ids=["one", "a class"])
def test_some_pictures_gone_are_named(record: Record, gone: list[str]) -> None:
    for path in gone:
        (record.pictures / path).unlink()
    code, shown = record.reproduce()
    assert code == EXIT_USER_INPUT and f"pictures of the record are gone: {len(gone)} in all: {gone[0]}" in shown


def test_a_picture_that_is_another_is_named_beside_the_verdict(record: Record) -> None:
    shutil.copy(record.pictures / "checks" / "00.jpg", record.pictures / "checks" / "01.jpg")
    make_pictures(record.home / "others", per_class=1, size=50)
    shutil.copy(record.home / "others" / "rings" / "00.jpg", record.pictures / "rings" / "03.jpg")
    code, shown = record.reproduce()
    assert code in (Verdict.within_noise.exit_code, Verdict.differs.exit_code)
    assert "2 changed: checks/01.jpg, rings/03.jpg" in shown


@pytest.mark.parametrize("content", [None, b"", b"[1]", b"\xff", b"null"], ids=str)
def test_a_manifest_that_is_gone_or_damaged_is_missed_only_where_it_is_needed(record: Record, content: bytes | None) -> None:
    manifest = record.study / "manifest.json"
    manifest.unlink() if content is None else manifest.write_bytes(content)
    code, shown = record.reproduce()
    assert code == EXIT_DONE and Verdict.identical in shown


def test_changed_pictures_without_a_manifest_cannot_be_named(record: Record) -> None:
    (record.study / "manifest.json").unlink()
    (record.pictures / "rings" / "03.jpg").unlink()
    code, shown = record.reproduce()
    assert code in (Verdict.within_noise.exit_code, Verdict.differs.exit_code)
    assert "cannot be named, as the study's manifest.json is gone or damaged" in shown


def in_environment(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    """A change of the environment that the journal has on record."""

    def changed(event: Any) -> Any:
        is_there = isinstance(event, (StudyOpened, SittingStarted))
        return replace(event, environment=change(event.environment)) if is_there else event

    return changed


@pytest.mark.parametrize("version", ["1.0.0", "99.0.0"], ids=["older", "newer"])
def test_another_version_of_a_package_is_named(record: Record, version: str) -> None:
    record.rewrite(in_environment(lambda found: found | {"packages": found["packages"] | {"torch": version}}))
    code, shown = record.reproduce()
    assert code == EXIT_DONE and f"different: packages.torch: {version} → {torch.__version__.partition('+')[0]}" in shown


def test_a_package_that_is_gone_is_named(record: Record) -> None:
    record.rewrite(in_environment(lambda found: found | {"packages": found["packages"] | {"imaginary": "2.0"}}))
    code, shown = record.reproduce()
    assert code == EXIT_DONE and "different: packages.imaginary: 2.0 → absent" in shown


def test_settings_of_a_newer_version_are_named_with_it(record: Record) -> None:
    def newer(event: Any) -> Any:
        if not isinstance(event, StudyOpened):
            return event
        train = event.config["train"] | {"telepathy": 3}
        environment = event.environment | {"code": {"version": "99.0"}}
        return replace(event, config=event.config | {"train": train}, environment=environment)

    record.rewrite(newer)
    code, shown = record.reproduce()
    assert code == EXIT_USER_INPUT and "was recorded by sweep 99.0" in shown and "'train.telepathy'" in shown


def test_metrics_that_are_not_on_record_are_a_difference(record: Record) -> None:
    kept = ("val/loss", "val/accuracy")
    record.rewrite(
        lambda event: (
            replace(event, metrics={name: event.metrics[name] for name in kept}) if isinstance(event, EpochReported) else event
        )
    )
    code, shown = record.reproduce()
    assert code == Verdict.within_noise.exit_code and "metrics differ from epoch 1 on" in shown


def test_a_trial_without_an_epoch_has_nothing_to_compare(record: Record) -> None:
    path = record.study / "journal.jsonl"
    entries = read(path)
    upto = next(entry.seq for entry in entries if isinstance(entry.event, TrialCreated))
    path.write_bytes(b"".join(map(encode, entries[: upto + 1])))
    code, shown = record.reproduce("0")
    assert code == EXIT_USER_INPUT and "trial 0 has no epoch to compare" in shown
    assert record.reproduce("best")[0] == EXIT_USER_INPUT


def test_what_lies_where_a_link_leads_is_not_trained_over(record: Record) -> None:
    outside = record.home / "outside" / "0000"
    outside.mkdir(parents=True)
    (outside / "precious").touch()
    (record.study / "reproductions").mkdir()
    (record.study / "reproductions" / "0000").symlink_to(outside)
    code, shown = record.reproduce()
    assert code == EXIT_USER_INPUT and "leads out of the study" in shown and (outside / "precious").exists()


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    uri = new_mlflow(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir(tmp_path)
    return MlflowClient(uri)


@pytest.mark.parametrize("run", ["0" * 32, "nosuch", "..", "../../etc/passwd", "%2e%2e", "#", "a'b", "x" * 5000, "²", "a\nb"])
def test_a_run_that_is_gone(record: Record, client: MlflowClient, run: str) -> None:
    code, shown = record.reproduce(run)
    assert code == EXIT_USER_INPUT and "MLflow" in shown or "there is no run" in shown


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"sweep.trial": "0"},
        {"sweep.study": "../../x", "sweep.trial": "0"},
        {"sweep.study": "/etc", "sweep.trial": "0"},
        {"sweep.study": "a\0b\nc"},
        {"sweep.study": "STUDY", "sweep.trial": "abc"},
        {"sweep.study": "STUDY", "sweep.trial": "../0"},
        {"sweep.study": "STUDY", "sweep.trial": "-1"},
        {"sweep.study": "STUDY", "sweep.trial": "9" * 5000},
    ],
    ids=str,
)
def test_tags_that_no_sweep_wrote_are_refused(record: Record, client: MlflowClient, tags: dict[str, str]) -> None:
    tags = {name: value.replace("STUDY", record.study.name) for name, value in tags.items()}
    run = client.create_run("0", tags=tags).info.run_id
    assert record.reproduce(run)[0] == EXIT_USER_INPUT


def test_a_run_whose_study_is_gone_is_named_with_it(record: Record, client: MlflowClient) -> None:
    run = client.create_run("0", tags={"sweep.study": "mnv3-gone", "sweep.trial": "0"}).info.run_id
    code, shown = record.reproduce(run)
    assert code == EXIT_USER_INPUT and "there is no study 'mnv3-gone'" in shown


def test_the_working_folder_may_be_anywhere(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert record.reproduce("0")[0] == EXIT_DONE
    assert os.listdir(tmp_path) == []
