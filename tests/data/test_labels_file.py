from __future__ import annotations

import json
import os

import pytest

from sweep.data.labels_file import read_labels
from sweep.errors import DataError


@pytest.fixture
def write(tmp_path):
    def write(name: str, content: str | bytes):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / name

    return write


def said(file):
    return [(line.number, line.path, line.label, line.split) for line in read_labels(file)]


def refusal(file):
    with pytest.raises(DataError) as refused:
        read_labels(file)
    assert "\n" not in refused.value.line and f"data.labels={file}" in refused.value.line
    return refused.value.line.replace(str(file), "FILE")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("beginning", [b"", b"\xef\xbb\xbf"])
def test_a_table_is_read_whatever_it_was_saved_by(write, separator, ending, beginning):
    rows = ["path,label", "a/1.jpg,roses", "", "b 2.jpg,lilies of the valley", ",", "ü.jpg,🌱"]
    content = ending.join(row.replace(",", separator) for row in rows).encode()
    expected = [(2, "a/1.jpg", "roses", ""), (4, "b 2.jpg", "lilies of the valley", ""), (6, "ü.jpg", "🌱", "")]
    assert said(write("labels.csv", beginning + content)) == expected


def test_objects_are_read_one_per_line(write):
    lines = [{"path": "a.jpg", "label": "roses", "score": 0.5}, {"label": 7, "path": "b.jpg", "split": None}]
    content = "\ufeff" + "\r\n\n".join(json.dumps(line) for line in lines)
    for name in ("labels.jsonl", "labels.NDJSON", "labels.json"):
        assert said(write(name, content)) == [(1, "a.jpg", "roses", ""), (3, "b.jpg", "7", "")]


@pytest.mark.parametrize("path", ["path", "file", "filename", "file_name", "image", " Image "])
@pytest.mark.parametrize("label", ["label", "class", "Class"])
def test_columns_are_found_by_their_names_in_any_place(write, path, label):
    assert said(write("labels.csv", f"id,{label},split,{path}\n1,roses,val,a.jpg\n")) == [(2, "a.jpg", "roses", "val")]


def test_quoted_cells_may_hold_separators_and_line_breaks(write):
    content = 'path,label\n"a, b.jpg", "Rosa ""Peace"", 1945"\n"two\nlines.jpg",roses\n'
    assert said(write("labels.csv", content)) == [(2, "a, b.jpg", 'Rosa "Peace", 1945', ""), (4, "two\nlines.jpg", "roses", "")]


def test_spaces_around_a_label_do_not_make_another_class(write):
    assert said(write("labels.csv", "path,label\na.jpg, roses \n"))[0][2] == "roses"


def test_names_that_are_not_utf8_can_be_written_as_json(write):
    line = json.dumps({"path": os.fsdecode(b"caf\xe9.jpg"), "label": "a"})
    assert os.fsencode(read_labels(write("labels.jsonl", line))[0].path) == b"caf\xe9.jpg"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "names no picture — expected are the columns path"),
        ("path,label\n\n", "names no picture"),
        ("name,label\na.jpg,b\n", "line 1 has no column path, only 'name', 'label'"),
        ("\npath\na.jpg\n", "line 2 has no column label, only 'path'"),
        ("path,label,image\na,b,c\n", "line 1 names the path twice: 'path' and 'image'"),
        ("path,label\na.jpg,b\nc.jpg,\n", "line 3 has an empty label"),
        ("path,label\n,b\n", "line 2 has an empty path"),
        ("path,label\na.jpg,Rosa canina, L.\n", "line 2 has 3 cells, the header 2"),
        ("path,label\na.jpg\n", "line 2 has 1 cells, the header 2"),
        ('path,label\na.jpg,"roses\nb.jpg,lilies\n', "line 3 cannot be read: unexpected end of data"),
        (b"path,label\na.jpg,b\ncaf\xe9.jpg,b\n", "line 3 is not UTF-8"),
        ("path,label\na\0.jpg,b\n", "line 2: path 'a\\x00.jpg' holds what no name can hold"),
    ],
)
def test_a_bad_table_is_one_line_with_the_number_of_the_line(write, content, expected):
    assert f"data.labels=FILE{'' if expected.startswith('names') else ','} {expected}" in refusal(write("labels.csv", content))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[1]", "is not a JSON object"),
        ("{", "is not a JSON object"),
        ("[" * 100_000, "is not a JSON object"),
        ("{}", "has no column path, only nothing"),
        ('{"path": "b.jpg"}', "has no column label, only 'path'"),
        ('{"path": "b.jpg", "label": null}', "has an empty label"),
        ('{"path": 5, "label": "b"}', ": path is 5"),
        ('{"path": "b.jpg", "label": ["b"]}', ': label is ["b"]'),
        ('{"path": "b.jpg", "label": true}', ": label is true"),
        ('{"path": "b.jpg", "label": "\\ud800"}', "holds what no name can hold"),
    ],
)
def test_a_bad_object_is_one_line_with_the_number_of_the_line(write, line, expected):
    shown = refusal(write("labels.jsonl", f'{{"path": "a.jpg", "label": "a"}}\n{line}\n'))
    assert "data.labels=FILE, line 2" in shown and expected in shown


def test_a_file_that_is_no_labels_file_is_refused_with_what_is_allowed(write, tmp_path):
    assert ".csv .tsv .jsonl .ndjson .json" in refusal(write("labels.xlsx", b"PK"))
    assert "does not exist" in refusal(tmp_path / "nowhere.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "is no file" in refusal(tmp_path / "folder.csv")
