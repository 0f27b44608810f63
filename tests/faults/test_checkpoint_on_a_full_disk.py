"""A checkpoint for which there is no room, on a disk that is really full."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sweep.config import ExecutionConfig
from sweep.errors import explain
from sweep.training.checkpoint import load_checkpoint
from tests.training.small_trial import make_dataset, make_trial, use_plain_network
from tests.training.watcher import Watcher


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill(path: Path) -> None:
    handle = os.open(path, os.O_CREAT | os.O_WRONLY)
    with suppress(OSError):
        while os.write(handle, bytes(4096)):
            pass
    os.close(handle)


def test_a_full_disk_is_explained_harms_no_checkpoint_and_the_trial_goes_on_when_there_is_room(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_plain_network(monkeypatch.setattr)
    dataset = make_dataset()
    often = ExecutionConfig(checkpoint_every_s=0.0)
    unbroken = Watcher().run(make_trial(tmp_path / "unbroken", execution=often), dataset, 4)

    setup = make_trial(small_disk / "trial", execution=often)
    Watcher().run(setup, dataset, 2)
    names = sorted(path.name for path in setup.folder.iterdir())
    fill(small_disk / "something else")
    with pytest.raises(OSError) as failure:
        Watcher().run(setup, dataset, 4)

    said = explain(failure.value, Path(failure.value.filename))
    assert re.fullmatch(rf"{setup.folder}/checkpoint\.pt: No space left on device \(0\.0 MB free\)", said)
    assert sorted(path.name for path in setup.folder.iterdir()) == names, "nothing is lost and nothing left behind"
    key = setup.key(dataset)
    kept = {name: load_checkpoint(setup.folder / name, key) for name in ("checkpoint.pt", "checkpoint.previous.pt")}
    assert [len(content["progress"]["reports"]) for content in kept.values()] == [2, 1]
    (small_disk / "something else").unlink()
    watcher = Watcher()
    assert watcher.run(setup, dataset, 4) == unbroken
    assert watcher.notices == []
