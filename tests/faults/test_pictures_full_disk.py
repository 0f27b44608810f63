"""The picture cache on a disk that is really full: a tmpfs of one megabyte."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from sweep.config import DataConfig
from sweep.data.dataset import Dataset, prepare_dataset
from sweep.data.drawn.draw import draw
from sweep.errors import DataError
from tests.pictures import make_pictures

FILLER = "filler"
PAGE = os.sysconf("SC_PAGESIZE")
NO_ROOM = r"No space left on device \(0\.\d MB free\)"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pictures(tmp_path_factory.mktemp("pictures") / "patterns", per_class=4)


def fill(disk: Path, pages_left: int = 0) -> None:
    """Leaves the disk so many pages, of which folders take some too."""
    with suppress(OSError), open(disk / FILLER, "wb", buffering=0) as file:
        while True:
            file.write(bytes(PAGE))
    os.truncate(disk / FILLER, (disk / FILLER).stat().st_size - pages_left * PAGE)


def prepare(root: Path, cache_dir: Path, on_progress: Callable[[str, int, int], None] | None = None, size: int = 32) -> Dataset:
    return prepare_dataset(DataConfig(root=str(root), image_size=size), cache_dir=cache_dir, seed=0, on_progress=on_progress)


def refusal(*arguments: object) -> str:
    with pytest.raises(DataError) as refused:
        prepare(*arguments)  # type: ignore[arg-type]
    assert "\n" not in refused.value.line
    return refused.value.line


def test_a_disk_that_fills_up_while_pictures_are_decoded_is_one_line_and_harms_nothing(disk: Path, root: Path) -> None:
    other = prepare(root, disk, size=40)
    kept = {path: path.read_bytes() for path in (disk / "pictures").rglob("*") if path.is_file() and path.stat().st_size}

    def fill_up(stage: str, done: int, total: int) -> None:
        if stage == "decoding" and done == 1:
            fill(disk)

    with pytest.raises(DataError, match=rf"^the cache cannot be written: {disk}/pictures/\w+\.partial.*: {NO_ROOM} — make room"):
        prepare(root, disk, fill_up, 64)
    assert not list(disk.glob("pictures/*.partial"))
    assert {path: path.read_bytes() for path in kept} == kept
    assert prepare(root, disk, size=40).fingerprint == other.fingerprint, "what is in the cache needs no room"
    (disk / FILLER).unlink()
    assert prepare(root, disk, size=64).num_pictures == 12


def test_too_little_room_for_the_decoded_pictures_is_said_before_they_are_decoded(disk: Path, root: Path) -> None:
    stages = set()
    with pytest.raises(DataError, match=rf"need 3 MB in {disk}/pictures, where 1 MB are free"):
        prepare(root, disk, lambda stage, done, total: stages.add(stage), 256)
    assert stages == {"reading"}


def test_with_any_number_of_pages_left_it_is_done_or_one_line_and_goes_on_later(disk: Path, root: Path) -> None:
    """The disk is full at another write each time: folders, the lock, pictures, the index, the split, the list."""
    outcomes = set()
    whole = prepare(root, disk)
    for pages in range(24):
        subprocess.run(["rm", "-rf", str(disk / "pictures")], check=True)
        fill(disk, pages)
        try:
            assert prepare(root, disk).fingerprint == whole.fingerprint
            outcomes.add("done")
        except DataError as error:
            outcomes.add(next(words for words in ("No space left", "MB are free") if words in str(error)))
            assert str(disk) in error.line and "cache_dir=DIR" in error.line
        (disk / FILLER).unlink()
        again = prepare(root, disk)
        assert (np.asarray(again.pictures) == whole.pictures).all()
        assert not [path for path in disk.rglob("*") if path.suffix in (".partial", ".tmp")]
    assert outcomes == {"done", "No space left", "MB are free"}


def test_the_list_of_unreadable_pictures_may_find_no_room_either(disk: Path, tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path / "patterns", per_class=4)
    (pictures / "rings" / "00.jpg").write_bytes(b"")
    assert "1 unreadable picture: rings/00.jpg" in refusal(pictures, disk)
    (list_of_all,) = disk.glob("pictures/*/unreadable.txt")
    before = list_of_all.read_text()
    fill(disk)
    assert f"{list_of_all}: No space left on device (0.0 MB free)" in refusal(pictures, disk)
    assert list_of_all.read_text() == before
    (disk / FILLER).unlink()
    assert "1 unreadable picture" in refusal(pictures, disk)


def test_drawing_onto_a_full_disk_is_one_line_and_leaves_nothing(disk: Path) -> None:
    fill(disk, pages_left=8)
    with pytest.raises(DataError, match=rf"^prototype cannot be drawn: {disk}/drawn: {NO_ROOM} — make room"):
        draw("prototype", disk / "drawn" / "prototype-v1", per_class=4, workers=1)
    assert [path for path in (disk / "drawn").iterdir() if path.is_dir()] == []
    (disk / FILLER).unlink()
    draw("prototype", disk / "drawn" / "prototype-v1", per_class=1, workers=1)


def test_what_is_being_drawn_is_for_its_owner_alone(tmp_path: Path) -> None:
    seen = set()

    def look(done: int, total: int) -> None:
        (unfinished,) = tmp_path.glob(".fruit.drawing")
        seen.add(unfinished.stat().st_mode & 0o777)

    tmp_path.chmod(0o750)
    draw("prototype", tmp_path / "fruit", per_class=1, workers=1, on_progress=look)
    assert seen == {0o700}
    assert (tmp_path / "fruit").stat().st_mode & 0o777 == 0o750
