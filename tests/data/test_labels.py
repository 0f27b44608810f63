from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from sweep.data.dataset import open_dataset
from sweep.data.fingerprint import changed_files
from sweep.data.index import Split
from sweep.data.labels import index_labels
from sweep.errors import DataError


@pytest.fixture
def root(tmp_path, make_picture):
    """Twelve pictures in folders that mean nothing."""
    for number in range(12):
        make_picture(tmp_path / "photos" / f"day{number % 2}" / f"{number}.jpg", number)
    return tmp_path / "photos"


LINES = [f"day{number % 2}/{number}.jpg,{'roses' if number < 7 else 'lilies'}" for number in range(12)]


@pytest.fixture
def write(root):
    def write(*lines: str, header: str = "path,label", name: str = "labels.csv") -> Path:
        (root / name).write_text("\n".join([header, *lines]))
        return root / name

    return write


def refusal(file: Path, root: Path | None = None) -> str:
    with pytest.raises(DataError) as refused:
        index_labels(file, root or file.parent)
    assert "\n" not in refused.value.line
    return refused.value.line.replace(str(file), "FILE")


def test_the_file_says_what_there_is_and_of_which_class(write, root):
    index = index_labels(write(*LINES[6:8], "./day0//10.jpg,tulips"), root)
    assert index.classes == ("lilies", "roses", "tulips")
    assert [(picture.path, picture.class_name, picture.given) for picture in index.pictures] == [
        ("day0/10.jpg", "tulips", None),
        ("day0/6.jpg", "roses", None),
        ("day1/7.jpg", "lilies", None),
    ]


def test_splits_are_read_as_folders_are_and_what_says_none_trains(write, root):
    lines = ("day0/0.jpg,a,train", "day1/1.jpg,a,Testing", "day0/2.jpg,a,valid", "day1/3.jpg,a,")
    index = index_labels(write(*lines, header="path,label,split"), root)
    assert [picture.given for picture in index.pictures] == [Split.train, Split.val, Split.test, Split.train]
    line = refusal(write("day0/0.jpg,a,dev", header="path,label,split"))
    assert "FILE, line 2: 'dev' is no split — allowed: train, training, val," in line


def test_a_line_that_says_the_same_again_adds_nothing(write, root):
    index = index_labels(write(*LINES, LINES[3], "./day1/3.jpg,roses"), root)
    assert len(index.pictures) == 12


def test_a_line_that_says_something_else_is_refused_naming_both(write):
    assert "day1/3.jpg is 'roses' on line 5 and 'lilies' on line 14" in refusal(write(*LINES, "day1/3.jpg,lilies"))
    line = refusal(write("day0/0.jpg,a,val", "day0/0.jpg,a,test", header="path,label,split"))
    assert "day0/0.jpg is 'val' on line 2 and 'test' on line 3" in line


@pytest.mark.parametrize("path", ["../elsewhere.jpg", "day0/../../elsewhere.jpg", "day0/../day0/0.jpg", "/etc/hosts", ".."])
def test_paths_that_are_absolute_or_lead_up_are_refused_by_name(write, path):
    line = refusal(write(LINES[0], f"{path},roses"))
    assert f"FILE, line 3: {path} " in line and "data.root" in line


class TestLinks:
    def test_folders_that_are_links_are_refused_by_name(self, write, root):
        (root / "deep").mkdir()
        (root / "deep" / "link").symlink_to(root / "day0")
        assert f"{root}/deep/link is a symbolic link to a folder" in refusal(write("deep/link/0.jpg,roses"))

    def test_a_link_to_a_file_elsewhere_is_a_picture(self, write, root, make_picture, tmp_path):
        (root / "linked.jpg").symlink_to(make_picture(tmp_path / "elsewhere.jpg", 99))
        assert [picture.path for picture in index_labels(write("linked.jpg,a"), root).pictures] == ["linked.jpg"]

    def test_a_link_to_a_file_of_the_same_class_adds_nothing(self, write, root):
        (root / "again.jpg").symlink_to("day0/0.jpg")
        index = index_labels(write("again.jpg,a", "day0/0.jpg,a"), root)
        assert [picture.path for picture in index.pictures] == ["day0/0.jpg"]


class TestMissing:
    def test_are_listed_and_refused(self, write, root, prepare):
        (root / "folder.jpg").mkdir()
        os.mkfifo(root / "pipe.jpg")
        with pytest.raises(DataError) as refused:
            prepare(labels=str(write(*LINES, "day0/gone.jpg,roses", "folder.jpg,roses", "pipe.jpg,lilies")))
        assert refused.value.line.startswith(
            "3 unreadable pictures: day0/gone.jpg (No such file or directory), folder.jpg (not a regular file), "
            "pipe.jpg (not a regular file)"
        )
        assert "data.on_unreadable=skip" in refused.value.line

    def test_are_left_out_when_asked(self, write, prepare):
        dataset = prepare(labels=str(write(*LINES, "day0/gone.jpg,roses")), skip=True)
        assert dataset.num_pictures == 12 and [one.path for one in dataset.unreadable] == ["day0/gone.jpg"]

    def test_all_of_them_are_told_as_missing_and_not_as_a_class_too_small(self, write, prepare, tmp_path):
        (tmp_path / "other").mkdir()
        with pytest.raises(DataError, match=r"^12 unreadable pictures: .*\(No such file or directory\)"):
            prepare(tmp_path / "other", labels=str(write(*LINES)))


def test_one_class_is_too_few(write, prepare):
    with pytest.raises(DataError, match=r"data\.labels=.*labels\.csv holds one class only: roses — two are needed$"):
        prepare(labels=str(write(*LINES[:5])))


def test_a_root_that_does_not_exist_is_refused(write, tmp_path):
    assert f"data.root={tmp_path}/nowhere does not exist" in refusal(write(*LINES), tmp_path / "nowhere")


def test_training_sees_the_classes_and_splits_of_the_file(write, prepare):
    lines = [f"{line},{'test' if number % 3 == 0 else 'train'}" for number, line in enumerate(LINES)]
    dataset = prepare(labels=str(write(*lines, header="path,label,split")))
    assert dataset.classes == ("lilies", "roses")
    said = {path: label for path, label in (line.split(",") for line in LINES)}
    assert {path: dataset.classes[label] for path, label in zip(dataset.paths, dataset.labels, strict=True)} == said
    assert {dataset.paths[row] for row in dataset.splits[Split.test]} == {lines[n].split(",")[0] for n in range(0, 12, 3)}
    assert len(dataset.splits[Split.val]) >= 2
    assert (open_dataset(dataset.handle).labels == dataset.labels).all()


def test_the_dataset_is_named_for_folder_and_file_and_shown_by_both(write, root, prepare, tmp_path):
    beside = prepare(labels=str(write(*LINES, name="Species 2.csv")))
    assert beside.name == "photos-species-2"
    assert beside.root_shown == f"{root}/Species 2.csv"
    other = Path(shutil.move(root / "Species 2.csv", tmp_path / "by-bloom.csv"))
    apart = prepare(root, labels=str(other))
    assert apart.name == "photos-by-bloom"
    assert apart.root_shown == f"{root} by {other}"
    assert apart.fingerprint == beside.fingerprint


def test_paths_start_in_the_folder_where_the_file_is_named(write, prepare, tmp_path, root):
    kept_elsewhere = Path(shutil.move(write(*LINES), tmp_path / "kept.csv"))
    (root / "linked.csv").symlink_to(kept_elsewhere)
    assert prepare(labels=str(root / "linked.csv")).num_pictures == 12


def test_a_labels_file_wins_over_drawing_and_may_lie_at_home(write, prepare, root, monkeypatch):
    monkeypatch.setenv("HOME", str(write(*LINES).parent))
    dataset = prepare(labels="~/labels.csv", drawn="plants", name="plants")
    assert (dataset.name, dataset.root_shown, dataset.num_pictures) == ("plants", f"{root}/labels.csv", 12)


class TestFingerprint:
    def test_depends_on_what_the_file_says_and_not_on_how(self, write, root, prepare):
        table = prepare(labels=str(write(*LINES)))
        turned = prepare(
            labels=str(write(*(f"{n};{line.replace(',', ';')}" for n, line in enumerate(LINES[::-1])), header="id;path;label"))
        )
        (root / "labels.jsonl").write_text(
            "\n".join(json.dumps(dict(zip(("label", "file"), line.split(",")[::-1], strict=True))) for line in LINES)
        )
        objects = prepare(root, labels=str(root / "labels.jsonl"))
        assert table.fingerprint == turned.fingerprint == objects.fingerprint

    def test_is_that_of_the_same_pictures_in_class_folders(self, make_root, prepare):
        root = make_root({"a": 6, "b": 6})
        folders = prepare(root)
        lines = [f"{path},{path[0]}" for path in folders.paths]
        (root / "labels.csv").write_text("\n".join(["path,label", *lines]))
        assert prepare(labels=str(root / "labels.csv")).fingerprint == folders.fingerprint

    @pytest.mark.parametrize(
        ("then", "changes"),
        [
            ([*LINES[:-1], "day1/11.jpg,roses"], ""),
            ([*LINES[:-2], "day0/10.jpg,tulips", "day1/11.jpg,tulips"], ""),
            (LINES[:-1], "1 removed: day1/11.jpg"),
        ],
    )
    def test_sees_that_the_file_changed_where_the_pictures_did_not(self, write, prepare, then, changes):
        before = prepare(labels=str(write(*LINES)))
        after = prepare(labels=str(write(*then)))
        assert after.fingerprint != before.fingerprint
        assert str(changed_files(before.manifest, after.manifest)) == changes

    def test_sees_another_split(self, write, prepare):
        lines = [f"{line},{'val' if number in (0, 11) else ''}" for number, line in enumerate(LINES)]
        before = prepare(labels=str(write(*lines, header="path,label,split")))
        lines[1] += "val"
        assert prepare(labels=str(write(*lines, header="path,label,split"))).fingerprint != before.fingerprint
