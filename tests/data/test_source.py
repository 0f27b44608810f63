from __future__ import annotations

import os
from pathlib import Path

import pytest

import sweep.data.drawn.draw
from sweep.config import DataConfig
from sweep.data.dataset import prepare_dataset
from sweep.data.drawn.kinds import DRAWN_KINDS
from sweep.data.source import dataset_name, find_source
from sweep.errors import DataError


@pytest.mark.parametrize(
    ("root", "name"),
    [
        ("/data/My Plants (2024)", "my-plants-2024"),
        ("/data/Blüten/", "bluten"),
        ("/data/🌱", "data"),
        (os.fsdecode(b"/data/caf\xe9"), "caf"),
        ("/", "data"),
        ("/data/x/..", "data"),
    ],
)
def test_a_name_is_made_of_the_folders(root, name):
    assert dataset_name(DataConfig(root=root)) == name


def test_a_given_name_is_kept_or_refused():
    assert dataset_name(DataConfig(root="/data/x", name="Plants_2.0")) == "Plants_2.0"
    assert dataset_name(DataConfig(drawn="plants")) == "plants"
    for name in ("../etc", "a b", ".", "a\n"):
        with pytest.raises(DataError, match="data.name"):
            dataset_name(DataConfig(root="/data/x", name=name))


def test_without_root_and_drawing_there_is_one_clear_line(tmp_path):
    with pytest.raises(DataError, match=r"data.root is missing.*data.root=DIR"):
        prepare_dataset(DataConfig(), cache_dir=tmp_path, seed=0)


def test_what_cannot_be_drawn_is_refused_with_what_can(tmp_path):
    with pytest.raises(DataError, match=r"data.drawn='plant'.*did you mean 'plants'"):
        find_source(DataConfig(drawn="plant"), tmp_path)


def test_the_home_folder_is_put_in(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    source = find_source(DataConfig(root="~/photos"), tmp_path)
    assert source.root == (tmp_path / "photos").resolve()
    assert source.shown == str(source.root)


def test_an_unknown_home_is_refused(tmp_path):
    with pytest.raises(DataError, match="no usable path"):
        find_source(DataConfig(root="~nobody-by-that-name/photos"), tmp_path)


def test_a_root_given_wins_over_drawing(tmp_path, make_root):
    root = make_root({"a": 1})
    assert find_source(DataConfig(root=str(root), drawn="plants"), tmp_path).root == root.resolve()


def test_drawn_pictures_are_drawn_once_and_shown_by_a_name_that_no_machine_changes(tmp_path, monkeypatch):
    draw = sweep.data.drawn.draw.draw

    def draw_few(kind: str, root: Path, *, seed: int, on_progress: object) -> None:
        draw(kind, root, seed=seed, per_class=3, workers=1, on_progress=on_progress)  # type: ignore[arg-type]

    monkeypatch.setattr(sweep.data.drawn.draw, "draw", draw_few)
    notices: list[str] = []
    stages: set[str] = set()
    config = DataConfig(drawn="plants", image_size=32)
    dataset = prepare_dataset(
        config, cache_dir=tmp_path, seed=0, on_notice=notices.append, on_progress=lambda stage, done, total: stages.add(stage)
    )
    name = DRAWN_KINDS["plants"].folder
    assert dataset.root_shown == f"drawn:{name}"
    assert dataset.name == "plants"
    assert (len(dataset.classes), dataset.num_pictures) == (20, 60)
    assert len(list((tmp_path / "drawn" / name).iterdir())) == 20
    assert any("drawn, not photographed" in text and "data.root=DIR" in text for text in notices)
    assert stages == {"drawing", "reading", "decoding"}
