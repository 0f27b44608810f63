"""Copies of pictures, as the whole preparation of a dataset treats them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image
from tests.data.conftest import save_photo

from sweep.config import CopiesAcrossSplits
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


class TestAcrossGivenSplits:
    @pytest.fixture
    def root(self, make_photos):
        """With a training picture in validation, and another one, resized, in the test."""
        root = make_photos({"train/a": 8, "train/b": 8, "val/a": 3, "val/b": 3, "test/a": 2, "test/b": 2})
        shutil.copy(root / "train/a/3.jpg", root / "val/a/other.jpg")
        copy_smaller(root / "train/b/4.jpg", root / "test/b/small.jpg")
        return root

    def test_copies_are_counted_listed_and_refused(self, root, prepare):
        with pytest.raises(DataError) as refused:
            prepare(root)
        assert refused.value.line == (
            "the same picture in two given splits, 2 times (1 exact, 1 re-encoded or resized): "
            "train/a/3.jpg and val/a/other.jpg; test/b/small.jpg and train/b/4.jpg"
            " — remove one of each, or go on with scores that flatter: data.copies_across_splits=allow"
        )

    def test_copies_are_said_and_stay_where_they_are_when_allowed(self, root, prepare):
        dataset = prepare(root, copies_across_splits=CopiesAcrossSplits.allow)
        splits = splits_by_path(dataset)
        assert dataset.num_pictures == 28
        assert splits["train/a/3.jpg"] is Split.train and splits["val/a/other.jpg"] is Split.val
        assert splits["test/b/small.jpg"] is Split.test
        (said,) = prepare.notices
        assert said.startswith("the same picture in two given splits, 2 times") and said.endswith("; scores will flatter")

    def test_only_equal_files_are_refused_without_near_duplicates(self, root, prepare):
        with pytest.raises(DataError, match=r"1 times \(1 exact, 0 re-encoded or resized\): train/a/3\.jpg and val/"):
            prepare(root, near_duplicates=False)
        (root / "val/a/other.jpg").unlink()
        assert prepare(root, near_duplicates=False).num_pictures == 27

    def test_many_are_written_down_completely(self, root, prepare):
        for number in range(7):
            shutil.copy(root / f"train/a/{number}.jpg", root / f"test/a/copy{number}.jpg")
        with pytest.raises(DataError, match=r", 9 times \(8 exact, 1 .*; … \(complete list: ") as refused:
            prepare(root)
        listed = Path(refused.value.line.partition("complete list: ")[2].partition(")")[0]).read_text().splitlines()
        assert len(listed) == 9 and "test/a/copy6.jpg and train/a/6.jpg" in listed

    def test_one_of_another_class_as_well_does_not_hide_it(self, make_photos, prepare):
        root = make_photos({"train/a": 4, "train/b": 4, "val/a": 3, "val/b": 3})
        for place in ("train/b/other.jpg", "val/a/other.jpg", "val/b/other.jpg"):
            copy_smaller(root / "train/a/0.jpg", root / place)
            with Image.open(root / place) as image:
                image.save(root / place, quality=50 + len(place) + ord(place[-11]) % 7)
        with pytest.raises(DataError, match=r"2 times \(0 exact, 2 re-encoded"):
            prepare(root)
        prepare(root, copies_across_splits=CopiesAcrossSplits.allow)
        assert any("under two classes" in text for text in prepare.notices)

    def test_copies_within_each_split_are_not_meant(self, make_photos, prepare):
        root = make_photos({"train/a": 8, "train/b": 8, "val/a": 3, "val/b": 3})
        shutil.copy(root / "train/a/3.jpg", root / "train/a/other.jpg")
        copy_smaller(root / "val/b/1.jpg", root / "val/b/small.jpg")
        assert prepare(root).num_pictures == 24


def test_a_class_of_one_picture_saved_many_times_is_refused_with_the_way_out(make_photos, prepare):
    root = make_photos({"a": 6, "b": 1})
    for number in range(4):
        with Image.open(root / "b" / "0.jpg") as image:
            image.save(root / "b" / f"{number} again.jpg", quality=50 + 10 * number)
    with pytest.raises(DataError, match=r"class 'b' has 1 distinct.*data\.near_duplicates=false"):
        prepare(root)
    assert prepare(root, near_duplicates=False).num_pictures == 11
