from __future__ import annotations

import shutil
from collections import Counter

import pytest

from sweep.data.index import Picture, Split
from sweep.data.subset import choose_subset
from sweep.errors import DataError


def pictures_of(counts, given=None):
    pictures = [
        Picture(f"{given or ''}{name}/{number:02}", name, given) for name, count in counts.items() for number in range(count)
    ]
    return pictures, {picture.path: f"sha-{picture.path}" for picture in pictures}


def paths(pictures):
    return [picture.path for picture in pictures]


def test_no_class_has_more_and_small_ones_keep_all():
    pictures, manifest = pictures_of({"a": 30, "b": 4, "c": 5})
    chosen = choose_subset(pictures, manifest, 5, seed=0)
    assert Counter(picture.class_name for picture in chosen) == {"a": 5, "b": 4, "c": 5}
    assert paths(chosen) == sorted(paths(chosen))


def test_other_classes_do_not_change_the_choice_and_seeds_do():
    pictures, manifest = pictures_of({"a": 30, "b": 30})
    both = choose_subset(pictures, manifest, 8, seed=3)
    alone = choose_subset(pictures[:30], manifest, 8, seed=3)
    assert paths(both)[:8] == paths(alone)
    assert paths(choose_subset(pictures[::-1], manifest, 8, seed=3)) == paths(both)[::-1]
    assert paths(choose_subset(pictures, manifest, 8, seed=4)) != paths(both)


def test_more_pictures_contain_the_fewer():
    pictures, manifest = pictures_of({"a": 50})
    chosen = [set(paths(choose_subset(pictures, manifest, count, seed=0))) for count in (5, 10, 20, 60)]
    assert chosen[0] < chosen[1] < chosen[2] < chosen[3] and len(chosen[3]) == 50


def test_copies_come_last():
    pictures, manifest = pictures_of({"a": 20})
    manifest = {path: f"sha-{int(path[2:]) % 5}" for path in manifest}
    chosen = choose_subset(pictures, manifest, 5, seed=0)
    assert len({manifest[path] for path in paths(chosen)}) == 5
    assert set(paths(chosen)) == {f"a/{number:02}" for number in range(5)}


def test_given_splits_keep_their_shares():
    train, manifest = pictures_of({"a": 60, "b": 8}, Split.train)
    val, more = pictures_of({"a": 20, "b": 1}, Split.val)
    test, most = pictures_of({"a": 20, "b": 1}, Split.test)
    chosen = choose_subset([*train, *val, *test], manifest | more | most, 10, seed=0)
    assert Counter((picture.class_name, picture.given) for picture in chosen) == {
        ("a", Split.train): 6,
        ("a", Split.val): 2,
        ("a", Split.test): 2,
        ("b", Split.train): 8,
        ("b", Split.val): 1,
        ("b", Split.test): 1,
    }
    fewest = choose_subset([*train, *val, *test], manifest | more | most, 3, seed=0)
    assert set(Counter((picture.class_name, picture.given) for picture in fewest).values()) == {1}


class TestDataset:
    def test_counts_only_what_is_used_and_says_what_is_not(self, make_root, prepare):
        root = make_root({"a": 20, "b": 6, "c": 3})
        dataset = prepare(root, max_per_class=6)
        assert dataset.num_pictures == 15 == len(dataset.manifest)
        assert sum(map(len, dataset.splits.values())) == 15
        assert Counter(dataset.classes[label] for label in dataset.labels) == {"a": 6, "b": 6, "c": 3}
        assert prepare.notices == ["data.max_per_class=6: 14 of 29 pictures are left out"]
        assert {total for stage, _, total in prepare.progress if stage == "decoding"} == {15}

    def test_is_the_same_again_and_another_with_another_seed(self, make_root, prepare):
        root = make_root({"a": 20, "b": 20})
        first = prepare(root, max_per_class=6)
        assert prepare(root, max_per_class=6).fingerprint == first.fingerprint
        assert set(prepare(root, max_per_class=6, seed=1).paths) != set(first.paths)
        shutil.copytree(root / "a", root / "c")
        for file in (root / "c").iterdir():
            file.write_bytes(file.read_bytes() + b"\0")  # other bytes, the same picture
        assert set(prepare(root, max_per_class=6, near_duplicates=False).paths) > set(first.paths)

    def test_enough_for_all_leaves_nothing_out(self, make_root, prepare):
        root = make_root({"a": 5, "b": 5})
        assert prepare(root, max_per_class=5).fingerprint == prepare(root).fingerprint
        assert prepare.notices == []

    def test_an_unreadable_picture_that_is_chosen_is_refused_or_left_out(self, make_root, prepare):
        root = make_root({"a": 6, "b": 6})
        (root / "a" / "0.jpg").write_bytes(b"")
        with pytest.raises(DataError, match="1 unreadable picture: a/0.jpg"):
            prepare(root, max_per_class=6)
        assert prepare(root, max_per_class=6, skip=True).num_pictures == 11
