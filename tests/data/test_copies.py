"""Copies of pictures, as the whole preparation of a dataset treats them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image
from tests.data.conftest import save_photo

from sweep.data.index import Split
from sweep.errors import DataError


@pytest.fixture
def make_photos(tmp_path):
    """Writes so many photographs into each folder."""

    def make(folders: dict[str, int]) -> Path:
        for folder, count in folders.items():
            for number in range(count):
                save_photo(tmp_path / "photos" / folder / f"{number}.jpg", sum(map(ord, folder)) * 1000 + number, quality=92)
        return tmp_path / "photos"

    return make


def copy_smaller(source: Path, target: Path) -> None:
    with Image.open(source) as image:
        image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC).save(target, quality=60)


def splits_by_path(dataset) -> dict[str, Split]:
    return {dataset.paths[row]: split for split, rows in dataset.splits.items() for row in rows}


def are_together(dataset) -> bool:
    splits = splits_by_path(dataset)
    return all(split is splits[path.replace("small", "")] for path, split in splits.items())


def test_re_encoded_and_resized_copies_share_a_split(make_photos, prepare):
    root = make_photos({"a": 20, "b": 20})
    for number in range(20):
        copy_smaller(root / "a" / f"{number}.jpg", root / "a" / f"small{number}.jpg")
    together, apart = prepare(root), prepare(root, near_duplicates=False)
    assert are_together(together) and not are_together(apart)
    assert {split: len(rows) for split, rows in together.splits.items()} == {Split.train: 42, Split.val: 9, Split.test: 9}
    assert together.fingerprint != apart.fingerprint and together.num_pictures == 60
    (said,) = prepare.notices
    assert said.startswith("copies of other pictures: 20 re-encoded or resized (a/0.jpg and a/small0.jpg; ")


def test_exact_and_near_copies_are_told_in_one_sentence(make_photos, prepare):
    root = make_photos({"a": 6, "b": 6})
    shutil.copy(root / "a" / "1.jpg", root / "a" / "1 copy.jpg")
    copy_smaller(root / "b" / "2.jpg", root / "b" / "2 small.jpg")
    prepare(root)
    assert prepare.notices == [
        "copies of other pictures: 1 exact (for example a/1.jpg), "
        "1 re-encoded or resized (b/2 small.jpg and b/2.jpg); copies share a split"
    ]


def test_where_nothing_is_copied_nothing_changes(make_photos, prepare):
    root = make_photos({"a": 10, "b": 10})
    assert prepare(root).fingerprint == prepare(root, near_duplicates=False).fingerprint
    assert prepare.notices == []


def test_nearly_the_same_picture_under_two_classes_is_said_and_not_refused(make_photos, prepare):
    root = make_photos({"a": 6, "b": 6})
    copy_smaller(root / "a" / "3.jpg", root / "b" / "other.jpg")
    assert prepare(root).num_pictures == 13
    assert prepare.notices == ["nearly the same picture under two classes, 1 times: a/3.jpg and b/other.jpg; is a label wrong?"]


def test_nearly_the_same_picture_in_two_given_splits_is_said_and_stays(make_photos, prepare):
    root = make_photos({"train/a": 6, "train/b": 6, "val/a": 3, "val/b": 3})
    copy_smaller(root / "train" / "a" / "3.jpg", root / "val" / "a" / "other.jpg")
    assert splits_by_path(prepare(root))["val/a/other.jpg"] is Split.val
    (said,) = prepare.notices
    assert said.startswith("nearly the same picture in two given splits, 1 times: train/a/3.jpg and val/a/other.jpg")


def test_a_class_of_one_picture_saved_many_times_is_refused_with_the_way_out(make_photos, prepare):
    root = make_photos({"a": 6, "b": 1})
    for number in range(4):
        with Image.open(root / "b" / "0.jpg") as image:
            image.save(root / "b" / f"{number} again.jpg", quality=50 + 10 * number)
    with pytest.raises(DataError, match=r"class 'b' has 1 distinct.*data\.near_duplicates=false"):
        prepare(root)
    assert prepare(root, near_duplicates=False).num_pictures == 11
