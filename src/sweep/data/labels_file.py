"""Reading a file that says of every picture which class it is of.

    .csv .tsv             a header row, then one picture per row; comma, semicolon or tab
    .jsonl .ndjson .json  one object per line, one picture each

    path   also file, filename, file_name or image    label   also class    split   if it is given: train, val or test

Names of columns are read without regard to case; other columns are left out.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.errors import DataError

TABLES = (".csv", ".tsv")
OBJECTS = (".jsonl", ".ndjson", ".json")
PATH_NAMES = ("path", "file", "filename", "file_name", "image")
LABEL_NAMES = ("label", "class")
SPLIT_NAMES = ("split",)
DELIMITERS = ",;\t"
EXPECTED_COLUMNS = "expected are the columns path, the picture's file, and label, its class; and split where it is given"


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says, as it is written there."""

    number: int
    """From 1, the header among them."""
    path: str
    label: str
    split: str
    """Empty where none is said."""


def read_labels(file: Path) -> list[Line]:
    """The lines of a labels file; blank ones are left out.

    Raises DataError when it cannot be read, is not UTF-8, misses a column or names one twice, holds no picture, or has a
    line without a path or a label; with the number of the line.
    """
    origin = f"data.labels={file}"
    suffix = file.suffix.lower()
    if suffix not in (*TABLES, *OBJECTS):
        raise DataError(f"{origin} is of no known kind", f"allowed: {' '.join((*TABLES, *OBJECTS))}")
    read = _read_table if suffix in TABLES else _read_objects
    lines = list(read(_read_text(file, origin), origin))
    if not lines:
        raise DataError(f"{origin} names no picture", EXPECTED_COLUMNS)
    return lines


def _read_text(file: Path, origin: str) -> str:
    if not file.is_file():
        raise DataError(
            f"{origin} {'is no file' if file.exists() else 'does not exist'}", "name an existing CSV or JSON-lines file"
        )
    try:
        content = file.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{origin} cannot be read: {error.strerror}", "check its permissions") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{origin}, line {line} is not UTF-8", "save the file as UTF-8") from None


def _read_table(text: str, origin: str) -> Iterator[Line]:
    rows = _rows(text, origin)
    number, header = next(rows, (1, []))
    columns = _find_columns(header, f"{origin}, line {number}") if header else {}
    for number, row in rows:
        where = f"{origin}, line {number}"
        if len(row) != len(header):
            problem = f"{where} has {len(row)} cells, the header {len(header)}"
            raise DataError(problem, 'put a cell that holds the separator into "quotes"')
        yield _line(where, number, {name: row[place] for name, place in columns.items()})


def _rows(text: str, origin: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, with the numbers of their (last) lines."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True, skipinitialspace=True)
    try:
        yield from ((rows.line_num, row) for row in rows if any(row))
    except csv.Error as error:
        raise DataError(f"{origin}, line {rows.line_num} cannot be read: {error}", "check its quotes") from None


def _delimiter(text: str) -> str:
    """The one that cuts the header into most cells."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=header.count)


def _find_columns(names: Sequence[str], where: str) -> dict[str, int]:
    """Which of `names` hold the path, the label and, if it is there, the split."""
    plain = [name.strip().casefold() for name in names]
    found: dict[str, int] = {}
    for column, accepted in (("path", PATH_NAMES), ("label", LABEL_NAMES), ("split", SPLIT_NAMES)):
        places = [place for place, name in enumerate(plain) if name in accepted]
        if len(places) > 1:
            both = " and ".join(repr(names[place]) for place in places[:2])
            raise DataError(f"{where} names the {column} twice: {both}", "rename the one that is not meant")
        if places:
            found[column] = places[0]
        elif column != "split":
            listed = ", ".join(map(repr, names)) or "nothing"
            raise DataError(f"{where} has no column {column}, only {listed}", EXPECTED_COLUMNS)
    return found


def _read_objects(text: str, origin: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{origin}, line {number}"
            content = _object(line, where)
            names = list(content)
            yield _line(where, number, {column: content[names[place]] for column, place in _find_columns(names, where).items()})


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise DataError(f"{where} is not a JSON object", 'expected is one per line: {"path": "a.jpg", "label": "rose"}')
    return content


def _line(where: str, number: int, cells: Mapping[str, Any]) -> Line:
    texts = {column: _text(value, column, where) for column, value in cells.items()}
    label, split = texts["label"].strip(), texts.get("split", "").strip()
    for column, value in (("path", texts["path"]), ("label", label)):
        if not value:
            raise DataError(f"{where} has an empty {column}", "every line needs the picture's file and its class: fill it in")
    return Line(number, texts["path"], label, split)


def _text(value: Any, column: str, where: str) -> str:
    """A cell as text; classes may be whole numbers."""
    if column == "label" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str | None):
        raise DataError(f"{where}: {column} is {json.dumps(value)}", "write it as text")
    text: str = value or ""
    try:
        is_nameable = b"\0" not in (os.fsencode(text) if column == "path" else text.encode())
    except UnicodeEncodeError:
        is_nameable = False
    if not is_nameable:
        raise DataError(f"{where}: {column} {text!r} holds what no name can hold", "write it as plain text")
    return text
