from __future__ import annotations

from collections import Counter

import pytest

from sweep.data.index import Picture, Split
from sweep.data.split import Fold, Fractions, allocate, split_pictures
from sweep.errors import DataError

FRACTIONS = Fractions(val=0.15, test=0.15)


def pictures_of(counts, given=None):
    pictures = [Picture(f"{name}/{number}", name, given) for name, count in counts.items() for number in range(count)]
    return pictures, {picture.path: f"sha-{picture.path}" for picture in pictures}


@pytest.mark.parametrize(
    ("total", "expected"),
    [(2, (1, 1, 0)), (3, (1, 1, 1)), (4, (2, 1, 1)), (10, (7, 2, 1)), (20, (14, 3, 3)), (75, (53, 11, 11)), (100, (70, 15, 15))],
)
def test_allocation(total, expected):
    counts = allocate(total, {Split.val: 0.15, Split.test: 0.15})
    assert tuple(counts.values()) == expected


def test_extreme_fractions_leave_training_something():
    assert tuple(allocate(10, {Split.val: 0.5, Split.test: 0.5}).values()) == (1, 4, 5)


def test_is_stratified_and_complete():
    pictures, manifest = pictures_of({"a": 100, "b": 20, "c": 3})
    splits = split_pictures(pictures, manifest, FRACTIONS, seed=0)
    counts = Counter((picture.class_name, split) for picture, split in zip(pictures, splits, strict=True))
    assert [counts["a", split] for split in Split] == [70, 15, 15]
    assert [counts["b", split] for split in Split] == [14, 3, 3]
    assert [counts["c", split] for split in Split] == [1, 1, 1]


def test_depends_on_seed_and_content_alone():
    pictures, manifest = pictures_of({"a": 50, "b": 50})
    splits = split_pictures(pictures, manifest, FRACTIONS, seed=3)
    assert splits == split_pictures(pictures, manifest, FRACTIONS, seed=3)
    assert splits[::-1] == split_pictures(pictures[::-1], manifest, FRACTIONS, seed=3)
    assert splits != split_pictures(pictures, manifest, FRACTIONS, seed=4)
    renamed = [Picture(f"x{number}", picture.class_name, None) for number, picture in enumerate(pictures)]
    contents = {new.path: manifest[old.path] for new, old in zip(renamed, pictures, strict=True)}
    assert splits == split_pictures(renamed, contents, FRACTIONS, seed=3)


def test_is_the_same_today_as_when_it_was_written():
    pictures, manifest = pictures_of({"a": 6})
    assert [str(split) for split in split_pictures(pictures, manifest, FRACTIONS, seed=0)] == [
        "test",
        "train",
        "val",
        "train",
        "train",
        "train",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_copies_never_straddle(seed):
    pictures, manifest = pictures_of({"a": 40, "b": 40})
    manifest = {path: f"{path[0]}{int(path[2:]) % 10}" for path in manifest}
    splits = split_pictures(pictures, manifest, FRACTIONS, seed)
    by_content = {}
    for picture, split in zip(pictures, splits, strict=True):
        by_content.setdefault(manifest[picture.path], set()).add(split)
    assert all(len(found) == 1 for found in by_content.values())
    assert set(splits) == set(Split)


def test_given_splits_are_kept_and_the_missing_one_is_carved_from_train():
    train, manifest = pictures_of({"a": 20, "b": 20}, Split.train)
    val = [Picture(f"val/{name}/{number}", name, Split.val) for name in "ab" for number in range(5)]
    manifest |= {picture.path: picture.path for picture in val}
    splits = split_pictures([*train, *val], manifest, FRACTIONS, seed=0)
    assert set(splits[40:]) == {Split.val}
    assert Counter(splits[:40]) == {Split.train: 34, Split.test: 6}


def test_given_train_val_and_test_are_all_kept():
    pictures = [Picture(f"{split}/a/{number}", "a", split) for split in Split for number in range(4)]
    manifest = {picture.path: picture.path for picture in pictures}
    assert split_pictures(pictures, manifest, FRACTIONS, seed=0) == tuple(picture.given for picture in pictures)


class TestFolds:
    COUNTS = {"a": 30, "b": 12, "c": 7}

    def folds(self, count, pictures, contents, seed=0):
        return [split_pictures(pictures, contents, FRACTIONS, seed, Fold(number, count)) for number in range(count)]

    @pytest.mark.parametrize("count", [2, 3, 5])
    def test_every_picture_that_does_not_test_validates_once(self, count):
        pictures, contents = pictures_of(self.COUNTS)
        alone = split_pictures(pictures, contents, FRACTIONS, seed=0)
        for picture, split, *in_folds in zip(pictures, alone, *self.folds(count, pictures, contents), strict=True):
            expected = {Split.test: count} if split is Split.test else {Split.val: 1, Split.train: count - 1}
            assert Counter(in_folds) == expected, picture

    def test_the_classes_are_cut_evenly_and_the_folds_are_of_about_one_size(self):
        pictures, contents = pictures_of({name: 8 for name in "abcdefghijklmnopqrst"})
        sizes = Counter()
        for number, splits in enumerate(self.folds(5, pictures, contents)):
            validating = Counter(
                picture.class_name for picture, split in zip(pictures, splits, strict=True) if split is Split.val
            )
            assert set(validating) == set("abcdefghijklmnopqrst") and max(validating.values()) - min(validating.values()) <= 1
            sizes[number] = sum(validating.values())
        assert max(sizes.values()) < 1.3 * min(sizes.values())

    def test_depend_on_seed_and_content_alone(self):
        pictures, contents = pictures_of(self.COUNTS)
        splits = self.folds(3, pictures, contents)
        assert [one[::-1] for one in splits] == self.folds(3, pictures[::-1], contents)
        assert splits != self.folds(3, pictures, contents, seed=1)

    def test_copies_stay_together(self):
        pictures, contents = pictures_of({"a": 40, "b": 40})
        contents = {path: f"{path[0]}{int(path[2:]) % 10}" for path in contents}
        for splits in self.folds(4, pictures, contents):
            found = {}
            for picture, split in zip(pictures, splits, strict=True):
                found.setdefault(contents[picture.path], set()).add(split)
            assert all(len(one) == 1 for one in found.values()) and Split.val in set(splits)

    def test_a_given_test_split_is_kept_and_all_else_is_cut(self):
        train, contents = pictures_of({"a": 10, "b": 10}, Split.train)
        test = [Picture(f"test/{name}", name, Split.test) for name in "ab"]
        contents |= {picture.path: picture.path for picture in test}
        splits = self.folds(5, [*train, *test], contents)
        assert all(Counter(one) == {Split.train: 16, Split.val: 4, Split.test: 2} and one[-1] is Split.test for one in splits)

    def test_a_class_with_too_few_pictures_is_named_with_what_is_possible(self):
        pictures, contents = pictures_of(self.COUNTS)
        with pytest.raises(DataError, match=r"class 'c' has 6 distinct .* data\.folds=7 — give data\.folds=6 at most, or add"):
            split_pictures(pictures, contents, FRACTIONS, 0, Fold(0, 7))
        assert self.folds(6, pictures, contents)
