"""A process that is killed, or has no room left, at each of its calls that write."""

from __future__ import annotations

import json
import pkgutil
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sweep.config import ExecutionConfig, TrainConfig
from sweep.errors import CheckpointError
from sweep.journal.files import remove_temporaries
from sweep.journal.journal import Journal, read
from sweep.models.weights_file import read_weights, weights_sha256
from sweep.training.checkpoint import load_checkpoint
from sweep.training.loop import train
from tests.faults.nth_write import TAKING_ROOM, WRITING, Fault, Stage, Try, say
from tests.journal.sample import opened, reported
from tests.training.small_trial import make_dataset, make_trial, use_plain_network

EPOCHS, EVENTS = 3, 6
FAULTS = [(Fault.killed, WRITING), (Fault.no_room, TAKING_ROOM)]
SOME = 5
"""Every fifth call of a kind in the usual run; every one in the slow one."""
steps = pytest.mark.parametrize("step", [SOME, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "each"])
faults = pytest.mark.parametrize(("fault", "calls"), FAULTS, ids=[fault.name for fault, _ in FAULTS])


def train_a_trial(folder: str) -> None:
    """Three epochs with a checkpoint after each; says what is on the disk, and in the end what came of it."""
    use_plain_network(lambda name, value: setattr(pkgutil.resolve_name(name.rpartition(".")[0]), name.rpartition(".")[2], value))
    setup = make_trial(
        Path(folder),
        train=TrainConfig(epochs=EPOCHS, batch_size=16, ema_decay=0.9),
        execution=ExecutionConfig(checkpoint_every_s=0.0),
    )
    epochs: list[int] = []

    def is_asked() -> bool:
        say(f"saved {len(epochs)} {setup.key(dataset)}")
        return False

    dataset = make_dataset()
    said = {"should_stop": is_asked, "on_notice": lambda text: say(f"notice {text}")}
    result = train(setup, dataset, EPOCHS, on_epoch=lambda report: epochs.append(report.epoch), **said)
    say(json.dumps([result.outcome, result.epoch, result.best_epoch, result.weights_sha256]))


def append_events(path: str) -> None:
    """Says the number of each event that the journal took; tries again where it did not."""
    journal = None
    while journal is None or len(journal.entries) < EVENTS:
        with suppress(OSError):
            journal = journal or Journal.open(Path(path))
            for number in range(len(journal.entries), EVENTS):
                say(journal.append(reported(epoch=number) if number else opened()).seq)


def append_events_up_to(path: str, num_bytes: str) -> None:
    """Is killed by the system in the middle of the write that would make the file longer."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(num_bytes), resource.RLIM_INFINITY))
    append_events(path)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(__name__, tmp_path_factory.mktemp("stage"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def unbroken(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> str:
    found = stage.run("train_a_trial", tmp_path_factory.mktemp("unbroken") / "trial")
    assert found.status == 0, found.said
    return found.said[-1]


@steps
@faults
def test_a_trial_goes_on_from_what_was_saved_last_to_the_same_weights(
    stage: Stage, unbroken: str, tmp_path: Path, fault: Fault, calls: tuple[str, ...], step: int
) -> None:
    num_faults = 0
    for found in stage.each("train_a_trial", folder := tmp_path / "trial", fault=fault, calls=calls, step=step):
        _check_saved(found, folder)
        if fault is Fault.no_room and found.has_fired:
            assert found.said[-1].startswith(f"OSError [Errno 28] No space left on device: '{folder}/"), found.said
            assert not list(folder.glob(".*.tmp"))
        again = stage.run("train_a_trial", folder)
        assert again.said[-1] == unbroken, (found, again)
        _check_complete(folder, unbroken)
        shutil.rmtree(folder)
        num_faults += found.has_fired
    assert num_faults > len(calls)


def _check_saved(found: Try, folder: Path) -> None:
    """Whatever the process knew to be saved can be loaded, and every file is a whole one."""
    saved = [line.split() for line in found.said if line.startswith("saved ")]
    loaded = [0]
    for name in ("checkpoint.pt", "checkpoint.previous.pt") if saved else ():
        with suppress(FileNotFoundError, CheckpointError):
            loaded.append(len(load_checkpoint(folder / name, saved[-1][2])["progress"]["reports"]))
    assert not saved or max(loaded) >= int(saved[-1][1]), (found, loaded)
    for leftover in folder.glob(".*.tmp"):
        assert leftover.stat().st_mode & 0o077 == 0 or leftover.stat().st_size
    remove_temporaries(folder)
    assert {path.name for path in folder.glob("*") if path.name.startswith(".")} <= {".lock"}


def _check_complete(folder: Path, unbroken: str) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "best.safetensors", "checkpoint.pt", "evaluation.json"]
    outcome, _, best_epoch, sha256 = json.loads(unbroken)
    assert outcome == "reached"
    assert weights_sha256(read_weights(folder / "best.safetensors")) == sha256
    assert json.loads((folder / "evaluation.json").read_text())["epoch"] == best_epoch


@steps
@faults
def test_every_event_that_the_journal_took_is_there_once(
    stage: Stage, tmp_path: Path, fault: Fault, calls: tuple[str, ...], step: int
) -> None:
    num_faults = 0
    for found in stage.each("append_events", path := tmp_path / "journal.jsonl", fault=fault, calls=calls, step=step):
        acknowledged = [int(line) for line in found.said]
        before = read(path) if path.exists() else []
        assert [entry.seq for entry in before][: len(acknowledged)] == acknowledged == list(range(len(acknowledged)))
        if fault is Fault.no_room:
            assert len(acknowledged) == EVENTS, "it went on when there was room"
        assert stage.run("append_events", path).status == 0
        entries = read(path)
        assert [entry.seq for entry in entries] == list(range(EVENTS))
        assert entries[: len(before)] == before
        path.unlink()
        num_faults += found.has_fired
    assert num_faults > 3


@pytest.mark.parametrize("step", [307, pytest.param(29, marks=pytest.mark.slow)])
def test_a_last_line_that_was_torn_anywhere_is_cut_off(stage: Stage, tmp_path: Path, step: int) -> None:
    path = tmp_path / "journal.jsonl"
    stage.run("append_events", path)
    num_bytes = path.stat().st_size
    path.unlink()
    for limit in range(1, num_bytes, step):
        found = stage.run("append_events_up_to", path, limit)
        assert (found.status, path.stat().st_size) == (-signal.SIGXFSZ, limit)
        assert [entry.seq for entry in read(path)] == [int(line) for line in found.said]
        again = stage.run("append_events", path)
        assert [int(line) for line in again.said] == list(range(len(found.said), EVENTS))
        assert [entry.seq for entry in read(path)] == list(range(EVENTS))
        path.unlink()
