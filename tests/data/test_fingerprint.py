from __future__ import annotations

import os

import pytest

from sweep.data.fingerprint import changed_files, fingerprint

PICTURES = [("a/0.jpg", "a", "11", "train"), ("b/0.jpg", "b", "22", "val")]


def test_is_64_hexadecimal_digits_whatever_the_order():
    assert len(fingerprint(PICTURES)) == 64
    assert int(fingerprint(PICTURES), 16) > 0
    assert fingerprint(PICTURES) == fingerprint(PICTURES[::-1])


@pytest.mark.parametrize("field", range(4))
def test_changes_with_path_class_content_and_split(field):
    changed = list(PICTURES[0])
    changed[field] += "x"
    assert fingerprint([tuple(changed), PICTURES[1]]) != fingerprint(PICTURES)


def test_neighbouring_fields_cannot_be_confused():
    assert fingerprint([("ab", "c", "1", "t")]) != fingerprint([("a", "bc", "1", "t")])
    assert fingerprint([("a\nb", "c", "1", "t")]) != fingerprint([("a", "\nbc", "1", "t")])


def test_takes_names_that_are_not_utf8():
    assert fingerprint([(os.fsdecode(b"\xff.jpg"), "a", "1", "train")]) != fingerprint([("\u00ff.jpg", "a", "1", "train")])


def test_changed_files_are_named_by_kind():
    old = {"same": "1", "edited": "1", "gone": "1"}
    new = {"same": "1", "edited": "2", "new": "1"}
    changes = changed_files(old, new)
    assert (changes.added, changes.removed, changes.changed) == (("new",), ("gone",), ("edited",))
    assert str(changes) == "1 changed: edited; 1 added: new; 1 removed: gone"
    assert changes and not changed_files(old, old)


def test_many_changed_files_are_counted_and_the_first_named():
    changes = changed_files({}, {f"{number}.jpg": "1" for number in range(9)})
    assert str(changes) == "9 added: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg, …"
