"""Whatever stands in a labels file: a table of pictures, or one line that says what is wrong."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sweep.data.audit import check_classes
from sweep.data.labels import index_labels
from sweep.data.labels_file import OBJECTS, TABLES, read_labels
from sweep.errors import DataError

pytestmark = pytest.mark.fuzz

WORDS = ["path", "label", "split", "Image", "class", "a/1.jpg", "a/../b.jpg", "/etc/hosts", "train", "x" * 5000, ".", "a/"]
cells = st.sampled_from(WORDS) | st.text(max_size=6)
tables = st.builds(
    lambda rows, separator, ending: ending.join(separator.join(row) for row in rows).encode("utf-8", "surrogatepass"),
    st.lists(st.lists(cells, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | cells,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(cells, inner, max_size=3),
    max_leaves=6,
)
objects = st.lists(
    st.one_of(
        st.builds(lambda path, label: {"path": path, "label": label}, cells | plain, cells | plain),
        plain,
    ).map(json.dumps),
    max_size=6,
).map(lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass"))
contents = st.one_of(st.binary(max_size=200), tables, objects, st.builds(bytes.__add__, tables, st.binary(max_size=9)))


@given(contents, st.sampled_from([*TABLES, *OBJECTS]))
@example(b'path,label\n"', ".csv")
@example(b"path,label\n../1.jpg,a\n", ".csv")
@example(b"path,label\na," + b"x" * 200_000, ".csv")
@example(b"path,label\na/1.jpg," + b"x" * 300, ".csv")
@example(b'{"path": "a.jpg", "label": ' + b"9" * 5000 + b"}", ".jsonl")
@example(b"[" * 100_000, ".jsonl")
@example(b'{"path": "\\udc80\\udcff.jpg", "label": "a"}', ".json")
@example(b'{"path": "\\ud800.jpg", "label": "a"}', ".json")
@example(b"\xff\xfep\x00a\x00t\x00h\x00", ".tsv")
def test_a_labels_file_of_anything_is_a_table_or_one_line(content: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"labels{suffix}")
        file.write_bytes(content)
        Path(folder, "a").mkdir()
        Path(folder, "a", "1.jpg").touch()
        try:
            for line in read_labels(file):
                assert line.path and line.label and "\0" not in line.path and os.fsencode(line.path)
            index = index_labels(file, Path(folder))
            assert len({picture.path for picture in index.pictures}) == len(index.pictures)
            assert all(index.file(picture.path).resolve().is_relative_to(Path(folder).resolve()) for picture in index.pictures)
        except DataError as error:
            assert error.line.isprintable() and str(file) in error.line
            return
        try:
            check_classes(index)
        except DataError as error:
            assert error.line.isprintable()
