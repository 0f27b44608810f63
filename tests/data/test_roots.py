from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from sweep.data.index import Split
from sweep.data.roots import index_roots
from sweep.errors import DataError


@pytest.fixture
def make(tmp_path, make_picture):
    """Writes `count` distinct pictures into each folder of a root of this name."""
    numbers = itertools.count()

    def make(root: str, folders: dict[str, int]) -> Path:
        for folder, count in folders.items():
            for number in range(count):
                make_picture(tmp_path / root / folder / f"{number}.jpg", next(numbers))
        return tmp_path / root

    return make


def refusal(*roots: Path) -> str:
    with pytest.raises(DataError) as refused:
        index_roots(roots[0], roots[1:])
    assert "\n" not in refused.value.line
    return refused.value.line


def test_a_single_root_is_as_it_was(make):
    root = make("photos", {"a": 1, "b": 1})
    index = index_roots(root, ())
    assert [picture.path for picture in index.pictures] == ["a/0.jpg", "b/0.jpg"]
    assert index.file("a/0.jpg") == root / "a/0.jpg"


def test_classes_are_merged_by_name_and_paths_begin_with_their_root(make):
    mine, theirs = make("mine", {"roses": 2, "lilies": 1}), make("theirs", {"roses": 1, "tulips": 1})
    index = index_roots(mine, [theirs])
    assert index.classes == ("lilies", "roses", "tulips")
    assert [(picture.path, picture.class_name) for picture in index.pictures] == [
        ("mine/lilies/0.jpg", "lilies"),
        ("mine/roses/0.jpg", "roses"),
        ("mine/roses/1.jpg", "roses"),
        ("theirs/roses/0.jpg", "roses"),
        ("theirs/tulips/0.jpg", "tulips"),
    ]
    assert all(index.file(picture.path).is_file() for picture in index.pictures)
    assert index.file("theirs/roses/0.jpg") == theirs / "roses/0.jpg"


def test_roots_of_one_name_are_told_apart_by_the_folders_above(make):
    roots = make("2023/garden/photos", {"a": 1, "b": 1}), make("2024/garden/photos", {"a": 1, "b": 1})
    index = index_roots(roots[0], roots[1:])
    assert index.pictures[0].path == "2023/garden/photos/a/0.jpg"
    assert index.file("2024/garden/photos/b/0.jpg") == roots[1] / "b/0.jpg"


def test_given_splits_are_merged(make):
    roots = make("one", {"train/a": 2, "train/b": 2, "test/a": 1}), make("two", {"Training/a": 1, "Training/c": 3})
    index = index_roots(roots[0], roots[1:])
    assert Counter((picture.given, picture.class_name) for picture in index.pictures) == {
        (Split.train, "a"): 3,
        (Split.train, "b"): 2,
        (Split.train, "c"): 3,
        (Split.test, "a"): 1,
    }


def test_layouts_are_not_mixed(make):
    line = refusal(make("one", {"train/a": 2, "train/b": 2}), make("two", {"a": 2, "b": 2}))
    assert "one holds train/val/test folders" in line and "two holds classes" in line


def test_equal_and_nested_roots_are_refused(make):
    root = make("photos", {"a": 1, "b": 1, "b/deep": 1})
    assert f"{root} is named twice" in refusal(root, root)
    assert f"{root / 'b'} lies inside {root}" in refusal(root, root / "b")
    assert f"{root / 'b'} lies inside {root}" in refusal(root / "b", root)


def test_what_is_wrong_with_an_extra_root_is_said_of_it(make, tmp_path):
    root = make("photos", {"a": 1, "b": 1})
    assert refusal(root, tmp_path / "nowhere").startswith(f"data.extra_roots={tmp_path / 'nowhere'} does not exist")


def test_one_class_in_all_roots_is_too_few(make, prepare):
    one, two = make("one", {"a": 3}), make("two", {"a": 3})
    with pytest.raises(DataError) as refused:
        prepare(one, extra_roots=(str(two),))
    assert refused.value.line.startswith(f"data.root={one} and data.extra_roots={two} holds one class only: a")


def test_an_empty_name_is_not_the_working_folder(make, prepare):
    with pytest.raises(DataError, match=r"data\.extra_roots holds an empty name"):
        prepare(make("one", {"a": 3, "b": 3}), extra_roots=("",))


def test_unusable_files_and_what_is_left_out_are_told_with_their_root(make):
    one, two = make("one", {"a": 1, "b": 1}), make("two", {"a": 1})
    (two / "a" / "gone.jpg").symlink_to("nowhere")
    (two / "a" / "notes.txt").touch()
    index = index_roots(one, [two])
    assert [unusable.path for unusable in index.unusable] == ["two/a/gone.jpg"]
    assert index.left_out[0].startswith("two/: 1 files are left out")


def test_all_roots_are_trained_on_and_named(make, prepare):
    one, two = make("one", {"a": 6, "b": 6}), make("two", {"a": 4, "c": 5})
    dataset = prepare(one, extra_roots=(str(two),))
    assert dataset.classes == ("a", "b", "c") and dataset.num_pictures == 21
    assert Counter(dataset.classes[label] for label in dataset.labels) == {"a": 10, "b": 6, "c": 5}
    assert dataset.root_shown == f"{one} + {two}"
    assert dataset.name == "one"
    assert "two/c/0.jpg" in dataset.manifest


def test_the_fingerprint_knows_neither_the_order_nor_the_place_of_the_roots(make, prepare, tmp_path):
    one, two, three = (make(name, {"a": 3, "b": 3}) for name in ("one", "two", "three"))
    before = prepare(one, extra_roots=(str(two), str(three)))
    swapped = prepare(one, extra_roots=(str(three), str(two)))
    assert swapped.fingerprint == before.fingerprint and swapped.root_shown == before.root_shown
    shutil.copytree(one, tmp_path / "elsewhere" / "one")
    os.symlink(three, tmp_path / "elsewhere" / "by another name")
    moved = prepare(tmp_path / "elsewhere" / "one", extra_roots=(str(two), str(tmp_path / "elsewhere" / "by another name")))
    assert moved.fingerprint == before.fingerprint and moved.root_shown != before.root_shown


def test_copies_in_two_roots_share_a_split(make, prepare):
    one = make("one", {"a": 20, "b": 20})
    two = Path(shutil.copytree(one, one.with_name("two")))
    dataset = prepare(one, extra_roots=(str(two),))
    splits = {dataset.paths[row]: split for split, rows in dataset.splits.items() for row in rows}
    assert all(splits[f"one/{path}"] == splits[f"two/{path}"] for path in ("a/0.jpg", *(f"b/{n}.jpg" for n in range(20))))
    assert any("40 exact" in text for text in prepare.notices)
