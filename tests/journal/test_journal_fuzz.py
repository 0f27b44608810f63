"""A journal of any content is read, or refused in one line; what is read is a study that every command can show."""

from __future__ import annotations

import json
import os
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.analysis.conftest import asha_study

from sweep.__main__ import main
from sweep.driver.clean import list_leftovers
from sweep.driver.shelf import read_study
from sweep.errors import EXIT_DONE, EXIT_USER_INPUT, JournalError
from sweep.journal.history import History
from sweep.journal.journal import Entry, encode, read

pytestmark = pytest.mark.fuzz


def _lines() -> list[bytes]:
    """A journal of seven trials, most of them paused, one failed."""
    builder = asha_study(7)
    builder.opened.config.update(search={"strategy": "asha"}, tracking={"mlflow": True})
    builder.over()
    return [encode(Entry(seq, 1000.0 + seq, event)) for seq, event in enumerate(builder.events)]


LINES = _lines()
WHOLE = b"".join(LINES)

byte_changes = st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def journal(content: bytes) -> Path:
    """A study's folder with that journal."""
    folder = Path(tempfile.mkdtemp(dir=os.environ["FUZZ_HOME"])) / "study"
    folder.mkdir()
    (folder / "journal.jsonl").write_bytes(content)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    os.environ["FUZZ_HOME"] = str(tmp_path_factory.mktemp("journals"))
    yield
    del os.environ["FUZZ_HOME"]


def checked(content: bytes) -> History | None:
    """The study, or None where it was refused in one line."""
    try:
        return read_study(journal(content))
    except JournalError as error:
        assert "\n" not in error.line
        return None


@given(content=st.binary(max_size=300))
@example(content=b"")
@example(content=b"\n")
@example(content=b"[]\n{}")
@example(content=b"\x80\x04\x95\n")
@example(content=b'{"schema":1}\n')
def test_bytes_that_are_no_journal_are_refused(content: bytes) -> None:
    assert checked(content) is None


@given(changes=byte_changes, cut=st.integers(0, len(WHOLE)))
def test_a_journal_with_changed_bytes_and_a_torn_end_is_read_up_to_there_or_refused(
    changes: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(WHOLE)
    for place, byte in changes:
        content[place] = byte
    content = content[: len(content) - cut]
    folder = journal(bytes(content))
    try:
        entries = read(folder / "journal.jsonl")
    except JournalError as error:
        assert "\n" not in error.line
    else:
        assert b"".join(map(encode, entries)) == WHOLE[: sum(map(len, LINES[: len(entries)]))]


def sealed(body: Any) -> bytes:
    """One line with a good checksum, whatever stands in it."""
    text = json.dumps(body, separators=(",", ":"))
    return f'{text[:-1]},"crc":"{zlib.crc32(text.encode()):08x}"}}\n'.encode()


def body_of(line: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(line)
    del body["crc"]
    return body


def paths_in(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [deeper for key in keys for deeper in [(*prefix, key), *paths_in(value[key], (*prefix, key))]]


@st.composite
def forged(draw: st.DrawFn) -> bytes:
    """The journal with a few values, deep or not, replaced or taken out, or without a line, and good checksums."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from([0, 0, *range(len(lines))]))
        body = body_of(lines[place])
        path = draw(st.sampled_from(paths_in(body)))
        target: Any = body
        for key in path[:-1]:
            target = target[key]
        if draw(st.booleans()) or isinstance(target, list):
            target[path[-1]] = draw(plain)
        else:
            del target[path[-1]]
        lines[place] = sealed(body)
    if draw(st.booleans()):
        del lines[draw(st.integers(0, len(lines) - 1))]
        lines = [sealed(body_of(line) | {"seq": seq}) for seq, line in enumerate(lines)]
    return b"".join(lines)


@given(content=forged())
@example(content=sealed([1]))
@example(content=sealed(1))
@example(content=sealed({"event": "StudyOpened", "seq": 0, "time": 0}))
@example(content=sealed(body_of(LINES[0]) | {"dataset": {}}))
@example(content=LINES[0] + sealed(body_of(LINES[1]) | {"time": None}))
@example(content=LINES[0] + sealed({"seq": 1, "time": 1.0, "event": "SittingEnded", "reason": "budget"}))
@example(content=LINES[0] + sealed(body_of(LINES[2]) | {"seq": 1, "trial": "../../x"}))
def test_a_forged_journal_is_refused_or_shown_by_every_command(content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    folder = journal(content)
    for command in ("top", "status"):
        code = main([command, "--output-dir", str(folder.parent)])
        shown = capsys.readouterr()
        assert code in (EXIT_DONE, EXIT_USER_INPUT) and "Traceback" not in shown.err
        if code == EXIT_USER_INPUT:
            assert shown.err.count("\n") == 1
    if history := checked(content):
        assert all(path.is_relative_to(folder) for path in list_leftovers(folder, history))
