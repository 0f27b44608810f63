"""The collection as a whole: complete, repeatable, and never half there."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PIL import Image

from sweep.data.drawn.contact_sheet import contact_sheet
from sweep.data.drawn.draw import draw_plants
from sweep.data.drawn.species import ALL_SPECIES
from sweep.errors import DataError


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.jpg"))}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drawn") / "plants"
    draw_plants(root, per_species=2, workers=1)
    return root


def test_every_species_has_its_folder_of_numbered_pictures(drawn: Path) -> None:
    expected = {f"{species.name}/{species.name}_{index:03d}.jpg" for species in ALL_SPECIES for index in range(2)}
    assert set(contents(drawn)) == expected
    assert len(ALL_SPECIES) == 20
    assert all(re.fullmatch(r"[a-z_]+", species.name) for species in ALL_SPECIES)


def test_pictures_are_rgb_jpegs_of_about_the_stated_size(drawn: Path) -> None:
    shapes = set()
    for path in drawn.rglob("*.jpg"):
        with Image.open(path) as picture:
            picture.load()
            assert (picture.format, picture.mode) == ("JPEG", "RGB")
            assert 160 <= min(picture.size) <= 192
            assert max(picture.size) <= 1.4 * min(picture.size)
            shapes.add(picture.width > picture.height)
    assert shapes == {True, False}


def test_no_two_pictures_are_the_same(drawn: Path) -> None:
    pictures = contents(drawn)
    assert len(set(pictures.values())) == len(pictures)


def test_more_workers_and_more_pictures_draw_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    draw_plants(tmp_path / "again", per_species=1, workers=2)
    again = contents(tmp_path / "again")
    assert len(again) == 20
    assert again.items() <= contents(drawn).items()


def test_another_seed_draws_other_pictures(drawn: Path, tmp_path: Path) -> None:
    draw_plants(tmp_path / "other", seed=1, per_species=1, workers=1)
    assert not set(contents(tmp_path / "other").values()) & set(contents(drawn).values())


def test_progress_counts_up_to_all_pictures(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    draw_plants(tmp_path / "plants", per_species=1, workers=1, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 20) for done in range(1, 21)]


def test_a_complete_folder_is_left_as_it_is(drawn: Path) -> None:
    def unexpected(done: int, total: int) -> None:
        raise AssertionError("drawn again")

    draw_plants(drawn, per_species=2, workers=1, on_progress=unexpected)


def test_a_folder_that_holds_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    mine = tmp_path / "plants" / "holiday.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(DataError, match=r"smooth_willow_sage_000\.jpg is missing"):
        draw_plants(tmp_path / "plants", per_species=1, workers=1)
    assert mine.read_bytes() == b"mine"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_call_leaves_no_pictures(tmp_path: Path, workers: int) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_plants(tmp_path / "plants", per_species=1, workers=workers, on_progress=interrupt)
    assert not (tmp_path / "plants").exists()
    assert contents(tmp_path) == {}


def test_after_a_killed_call_the_next_one_draws_everything(tmp_path: Path) -> None:
    root = tmp_path / "plants"
    script = (
        "import os, sys, pathlib; from sweep.data.drawn.draw import draw_plants\n"
        "draw_plants(pathlib.Path(sys.argv[1]), per_species=1, workers=1, on_progress=lambda *_: os.kill(os.getpid(), 9))"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(root)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not root.exists()
    draw_plants(root, per_species=1, workers=1)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["plants"]
    assert len(contents(tmp_path)) == 20


def test_workers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    script = (
        "import multiprocessing, os, sys, pathlib; from sweep.data.drawn.draw import draw_plants\n"
        "def die(done, total):\n"
        "    print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "draw_plants(pathlib.Path(sys.argv[1]), per_species=3, workers=2, on_progress=die)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "plants")]
    with open(tmp_path / "pids", "w") as pids:  # not a pipe: workers that live on would keep it open and us waiting
        killed = subprocess.run(command, check=False, stdout=pids, stderr=subprocess.DEVNULL)
    assert killed.returncode == -signal.SIGKILL
    workers = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(workers) == 2
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in workers if psutil.pid_exists(pid)], timeout=10)
    assert alive == []


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be drawn"):
        draw_plants(tmp_path / "file" / "plants", per_species=1, workers=1)


def test_the_contact_sheet_shows_a_row_per_species(drawn: Path) -> None:
    sheet = contact_sheet(drawn, columns=2, cell_px=32)
    assert sheet.size == (64, 20 * 32)
    assert len(sheet.getcolors(maxcolors=64 * 640) or []) > 1000
