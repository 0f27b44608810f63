"""Whatever a study, a trial or a file in a study is called, nothing outside of the study is read as one or deleted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.analysis.conftest import StudyBuilder

from sweep.__main__ import main
from sweep.driver.clean import delete, list_leftovers
from sweep.driver.lock import hold_study
from sweep.driver.shelf import WRITTEN_TO, find_study, find_trial, list_studies, own_folder, read_study
from sweep.errors import EXIT_DONE, EXIT_USER_INPUT, StudyError
from sweep.journal.events import ArtifactsWritten
from sweep.journal.journal import Entry, encode
from sweep.journal.lock import take_lock

NAME = "mnv3_small-plants-small-1a2b3c4d"


def write_study(output_dir: Path, name: str = NAME, *, artifacts: tuple[str, ...] = ()) -> Path:
    """A study of two trials, the second of which lost, with the files that they leave."""
    folder = output_dir / name
    for trial in ("0000", "0001"):
        (folder / "trials" / trial).mkdir(parents=True)
        for file in ("checkpoint.pt", "best.safetensors", "config.yaml"):
            (folder / "trials" / trial / file).write_bytes(b"x" * 1000)
    builder = StudyBuilder(study=name).trial(0, accuracy=0.9).trial(1, accuracy=0.5)
    builder.opened.config.update(search={"strategy": "asha"}, tracking={"mlflow": True})
    events = [*builder.events, ArtifactsWritten(trial=1, files=list(artifacts))]
    lines = [encode(Entry(seq, 1000.0 + seq, event)) for seq, event in enumerate(events)]
    (folder / "journal.jsonl").write_bytes(b"".join(lines))
    return folder


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """A folder of one study, beside a file that is nobody's business."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious.bin").write_text("precious")
    write_study(tmp_path / "outputs")
    return tmp_path / "outputs"


HOSTILE_NAMES = [
    "..",
    "../outside",
    "../../etc",
    "/etc",
    "%2e%2e",
    "%2e%2e%2foutside",
    "#",
    f"{NAME}/../../outside",
    "a\0b",
    "a\nb",
    "*",
    "?",
    "[m]*",
    "~",
    "x" * 5000,
    "\udcff",
]


@pytest.mark.parametrize("command", ["top", "status", "clean"])
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_is_only_ever_compared_with_those_of_the_studies_there_are(
    outputs: Path, name: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(outputs.parent.rglob("*"))
    assert main([command, name, "--output-dir", str(outputs)]) == EXIT_USER_INPUT
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and "there is no study" in shown
    assert sorted(outputs.parent.rglob("*")) == before


@pytest.mark.parametrize("command", ["top", "status", "clean", "reproduce best --study"])
def test_a_study_that_is_a_link_out_is_refused_with_its_place(
    outputs: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_study(outputs.parent / "elsewhere", "theirs")
    (outputs / "theirs").symlink_to(outputs.parent / "elsewhere" / "theirs")
    assert main([*command.split(), "theirs", "--output-dir", str(outputs)]) == EXIT_USER_INPUT
    shown = capsys.readouterr().err
    assert "is a link that leads out of" in shown and f"--output-dir {outputs.parent / 'elsewhere'}" in shown
    assert main(["status", "theirs", "--output-dir", str(outputs.parent / "elsewhere")]) == EXIT_DONE


def test_a_link_to_a_study_beside_it_is_that_study(outputs: Path) -> None:
    (outputs / "alias").symlink_to(NAME)
    assert find_study(outputs, "alias").resolve() == (outputs / NAME).resolve()


@pytest.mark.parametrize("inside", ["trials", "reproductions", "report", "lock", "study.db"])
def test_a_study_with_a_link_out_is_left_alone(outputs: Path, inside: str, capsys: pytest.CaptureFixture[str]) -> None:
    link = outputs / NAME / inside
    if link.is_dir():
        link.rename(outputs.parent / "moved")
    link.symlink_to(outputs.parent / "outside" / ("precious.bin" if inside in ("lock", "study.db") else ""))
    assert main(["clean", "--output-dir", str(outputs)]) == EXIT_USER_INPUT
    assert f"{inside} is a link that leads out of" in capsys.readouterr().err
    assert (outputs.parent / "outside" / "precious.bin").read_text() == "precious"


@pytest.mark.parametrize("inside", ["trials/0000", "trials/0000/.lock", "logs/worker-0.log", "lock"])
def test_a_sweep_does_not_write_to_where_a_link_leads(outputs: Path, inside: str) -> None:
    outside = outputs.parent / "outside"
    link = outputs / NAME / inside
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_dir():
        shutil.rmtree(link)
    link.symlink_to(outside if inside == "trials/0000" else outside / "precious.bin")
    with pytest.raises(StudyError, match="is a link that leads out of"):
        own_folder(outputs / NAME, outputs, WRITTEN_TO)


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "lock").symlink_to("precious")
    with pytest.raises(OSError), hold_study(tmp_path):
        pass
    with pytest.raises(OSError), take_lock(tmp_path / "lock", 0.0):
        pass
    assert (tmp_path / "precious").read_text() == "precious"


def test_cleaning_deletes_what_losers_left_and_nothing_that_a_link_leads_to(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside, trials = outputs.parent / "outside", outputs / NAME / "trials"
    (trials / "0002").symlink_to(outside)
    (trials / "0003").symlink_to("../../../outside")
    (trials / "0001" / "link.bin").symlink_to(outside / "precious.bin")
    (trials / "0001" / "dangling.bin").symlink_to("nowhere")
    (trials / "0001" / "folder.bin").mkdir()
    (outputs / NAME / "reproductions").mkdir()
    (outputs / NAME / "reproductions" / "0000").symlink_to(outside)
    assert main(["clean", "--output-dir", str(outputs)]) == EXIT_DONE
    assert "freed" in capsys.readouterr().out
    assert (outside / "precious.bin").read_text() == "precious"
    left = sorted(str(path.relative_to(trials)) for path in trials.rglob("*") if path.is_file() or path.is_symlink())
    assert left == ["0000/best.safetensors", "0000/config.yaml", "0001/config.yaml", "0002", "0003"]


def test_artifacts_that_the_journal_names_are_not_what_is_cleaned(outputs: Path) -> None:
    folder = write_study(outputs, "hostile", artifacts=("../../outside/precious.bin", "/etc/passwd", "..", "a\0b"))
    leftovers = list_leftovers(folder, read_study(folder))
    delete(leftovers)
    assert leftovers and all(path.is_relative_to(folder / "trials") for path in leftovers)
    assert (outputs.parent / "outside" / "precious.bin").exists() and os.path.exists("/etc/passwd")


@pytest.mark.parametrize("which", ["²", "٣", "-1", "+1", "1.0", " 1", "0x1", "9" * 9, "9" * 5000, "", "..", "0\0"])
def test_what_is_no_trials_number_is_refused(outputs: Path, which: str) -> None:
    with pytest.raises(StudyError, match="has no trial"):
        find_trial(read_study(outputs / NAME), which)


def test_what_is_no_journal_is_no_study(outputs: Path) -> None:
    for name in ("pipe", "folder", "dangling"):
        (outputs / name).mkdir()
    os.mkfifo(outputs / "pipe" / "journal.jsonl")
    (outputs / "folder" / "journal.jsonl").mkdir()
    (outputs / "dangling" / "journal.jsonl").symlink_to("nowhere")
    assert list_studies(outputs) == [outputs / NAME]


def test_a_study_that_lost_its_journal_is_told_from_one_that_never_was(outputs: Path) -> None:
    (outputs / NAME / "manifest.json").write_text("{}")
    (outputs / NAME / "journal.jsonl").unlink()
    with pytest.raises(StudyError, match=rf"{NAME}' in .* has lost its journal\.jsonl"):
        find_study(outputs, NAME)
    with pytest.raises(StudyError, match="there is no study in"):
        find_study(outputs, None)


@pytest.mark.parametrize(
    "arguments",
    [
        ["reproduce"],
        ["reproduce", "best", "extra"],
        ["reproduce", "best", "--threads=0"],
        ["reproduce", "best", "--threads", "many"],
        ["status", "nosuch"],
        ["status", NAME, "extra"],
        ["status", "--output-dir"],
        ["top", "--output-dir=nowhere"],
        ["top", "--limit=0"],
        ["clean", "--dry"],
        ["--output-dir", "x"],
        ["nosuch"],
        ["help", "nosuch"],
    ],
    ids=" ".join,
)
def test_arguments_in_the_wrong_place_are_one_line(
    outputs: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(outputs.parent)
    assert main(arguments) == EXIT_USER_INPUT
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and shown.count("\n") == 1
