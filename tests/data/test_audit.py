from __future__ import annotations

import os
import shutil

import pytest

from sweep.data.audit import check_classes
from sweep.data.index import index_pictures
from sweep.errors import DataError


def refusal(root):
    with pytest.raises(DataError) as refused:
        check_classes(index_pictures(root))
    assert "\n" not in refused.value.line
    return refused.value.line


def test_one_class_only(make_root):
    root = make_root({"dataset": 3})
    assert "one class only: dataset" in refusal(root)
    assert f"data.root={root / 'dataset'}" in refusal(root)


def test_empty_class(make_root):
    assert "class folder b holds no pictures" in refusal(make_root({"a": 3, "b": 0}))


def test_class_with_one_picture(make_root):
    assert "class 'b' has 1 distinct" in refusal(make_root({"a": 3, "b": 1}))


def test_class_only_in_val(make_root):
    root = make_root({"train/a": 2, "train/b": 2, "val/a": 1, "val/b": 1, "val/c": 1})
    assert "class 'c' appears only in val " in refusal(root)


def test_class_missing_in_a_given_val(make_root):
    root = make_root({"train/a": 2, "train/b": 2, "val/a": 1})
    assert "class 'b' is in train but not in val " in refusal(root)


def test_one_training_picture_is_enough_where_validation_is_given(make_root):
    check_classes(index_pictures(make_root({"train/a": 1, "train/b": 1, "val/a": 1, "val/b": 1})))


@pytest.mark.parametrize(("one", "other"), [("Rose", "rose"), ("caf\u00e9", "cafe\u0301"), ("STRASSE", "straße")])
def test_classes_that_only_a_careful_reader_tells_apart(make_root, one, other):
    root = make_root({one: 2, other: 2})
    assert "differ only by" in refusal(root)


def test_a_line_break_in_a_name_stays_on_one_line(make_root):
    root = make_root({"a": 3, "two\nlines": 1, os.fsdecode(b"caf\xe9"): 3})
    assert r"two\nlines" in refusal(root)


def test_equal_pictures_under_two_classes_are_refused_by_name(make_root, prepare):
    root = make_root({"a": 3, "b": 3})
    shutil.copy(root / "a" / "1.jpg", root / "b" / "copy.jpg")
    with pytest.raises(DataError, match=r"under two classes, 1 times: a/1\.jpg and b/copy\.jpg"):
        prepare(root)


def test_a_class_of_copies_of_one_picture_is_refused(make_root, prepare):
    root = make_root({"a": 3, "b": 1})
    shutil.copy(root / "b" / "0.jpg", root / "b" / "copy.jpg")
    with pytest.raises(DataError, match="class 'b' has 1 distinct"):
        prepare(root)


def test_copies_in_one_class_are_said(make_root, prepare):
    root = make_root({"a": 4, "b": 4})
    shutil.copy(root / "b" / "0.jpg", root / "b" / "copy.jpg")
    prepare(root)
    assert "copies of other pictures: 1 exact (for example b/copy.jpg); copies share a split" in prepare.notices


def test_folds_are_refused_where_validation_is_given(make_root):
    index = index_pictures(make_root({"train/a": 4, "train/b": 4, "val/a": 2, "val/b": 2}))
    check_classes(index)
    with pytest.raises(DataError, match=r"data\.folds .*, but data\.root=.* gives a validation split"):
        check_classes(index, has_folds=True)
