"""A collection as a whole: complete, repeatable, and never half there."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from sweep.config.seeds import derive_seed
from sweep.data.drawn.contact_sheet import contact_sheet
from sweep.data.drawn.draw import draw
from sweep.data.drawn.kinds import DRAWN_KINDS, Kind
from sweep.errors import DataError


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.jpg"))}


@pytest.fixture(scope="module", params=DRAWN_KINDS.values(), ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    drawn_kind: Kind = request.param
    return drawn_kind


@pytest.fixture(scope="module")
def drawn(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drawn") / kind.folder
    draw(kind.name, root, per_class=2, workers=1)
    return root


@pytest.mark.parametrize(("name", "classes", "per_class"), [("plants", 20, 75), ("activities", 10, 300), ("prototype", 5, 100)])
def test_a_kind_has_the_classes_and_pictures_of_its_use_case(name: str, classes: int, per_class: int) -> None:
    assert (len(DRAWN_KINDS[name].classes), DRAWN_KINDS[name].per_class) == (classes, per_class)


def test_no_two_kinds_share_a_class_and_with_it_their_random_streams() -> None:
    classes = [name for kind in DRAWN_KINDS.values() for name in kind.classes]
    assert len(set(classes)) == len(classes)


@pytest.mark.parametrize(
    ("species", "mean"),
    [
        ("saw_willow_sage", (145.47, 141.99, 118.09)),
        ("hanging_cone_daisy", (132.55, 124.19, 101.77)),
        ("comb_fir", (87.47, 74.25, 55.29)),
    ],
)
def test_plants_are_drawn_as_they_were_when_the_version_was_last_raised(species: str, mean: tuple[float, ...]) -> None:
    """Studies go on with the pictures in the cache, so the same version must mean the same pictures everywhere."""
    rng = np.random.Generator(np.random.PCG64(derive_seed(0, "drawn", species, 0)))
    pixels = np.asarray(DRAWN_KINDS["plants"].photograph(species, rng), dtype=np.float64)
    assert DRAWN_KINDS["plants"].version == 1
    assert np.allclose(pixels.mean(axis=(0, 1)), mean, atol=0.05)


def test_every_class_has_its_folder_of_numbered_pictures(kind: Kind, drawn: Path) -> None:
    expected = {f"{name}/{name}_{index:03d}.jpg" for name in kind.classes for index in range(2)}
    assert set(contents(drawn)) == expected
    assert all(re.fullmatch(r"[a-z_]+", name) for name in kind.classes)


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


def test_no_two_pictures_are_alike(drawn: Path) -> None:
    """Not only in their noise: they differ where they are shrunk to 12 × 12."""
    small = [np.asarray(Image.open(path).convert("RGB").resize((12, 12)), dtype=np.float64) for path in drawn.rglob("*.jpg")]
    for one, other in combinations(small, 2):
        assert np.abs(one - other).mean() > 4.0


def test_more_workers_and_more_pictures_draw_the_same_bytes(kind: Kind, drawn: Path, tmp_path: Path) -> None:
    draw(kind.name, tmp_path / "again", per_class=1, workers=2)
    again = contents(tmp_path / "again")
    assert len(again) == len(kind.classes)
    assert again.items() <= contents(drawn).items()


def test_another_seed_draws_other_pictures(kind: Kind, drawn: Path, tmp_path: Path) -> None:
    draw(kind.name, tmp_path / "other", seed=1, per_class=1, workers=1)
    assert not set(contents(tmp_path / "other").values()) & set(contents(drawn).values())


def test_progress_counts_up_to_all_pictures(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    draw("prototype", tmp_path / "fruit", per_class=2, workers=1, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 10) for done in range(2, 11, 2)]


def test_a_complete_folder_is_left_as_it_is(kind: Kind, drawn: Path) -> None:
    def unexpected(done: int, total: int) -> None:
        raise AssertionError("drawn again")

    draw(kind.name, drawn, per_class=2, workers=1, on_progress=unexpected)


def test_a_folder_that_holds_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    mine = tmp_path / "plants" / "holiday.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(DataError, match=r"drawn plants: smooth_willow_sage.smooth_willow_sage_000\.jpg is missing"):
        draw("plants", tmp_path / "plants", per_class=1, workers=1)
    assert mine.read_bytes() == b"mine"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_call_leaves_no_pictures(tmp_path: Path, workers: int) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw("prototype", tmp_path / "fruit", per_class=1, workers=workers, on_progress=interrupt)
    assert not (tmp_path / "fruit").exists()
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", DRAWN_KINDS)
def test_after_a_killed_call_the_next_one_draws_everything(tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    script = (
        "import os, sys, pathlib; from sweep.data.drawn.draw import draw\n"
        "draw(sys.argv[1], pathlib.Path(sys.argv[2]), per_class=1, workers=1, on_progress=lambda *_: os.kill(os.getpid(), 9))"
    )
    killed = subprocess.run([sys.executable, "-c", script, name, str(root)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not root.exists()
    draw(name, root, per_class=1, workers=1)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [name]
    assert len(contents(tmp_path)) == len(DRAWN_KINDS[name].classes)


def test_workers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    script = (
        "import multiprocessing, os, sys, pathlib; from sweep.data.drawn.draw import draw\n"
        "def die(done, total):\n"
        "    print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "draw('plants', pathlib.Path(sys.argv[1]), per_class=3, workers=2, on_progress=die)"
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
    with pytest.raises(DataError, match="activities cannot be drawn"):
        draw("activities", tmp_path / "file" / "activities", per_class=1, workers=1)


def test_the_contact_sheet_shows_a_row_per_class(kind: Kind, drawn: Path) -> None:
    sheet = contact_sheet(drawn, columns=2, cell_px=32)
    assert sheet.size == (64, len(kind.classes) * 32)
    assert len(sheet.getcolors(maxcolors=64 * 640) or []) > 1000
