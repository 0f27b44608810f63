from __future__ import annotations

import math
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journal.sample import created, ended, opened, reported, scored, sitting, started

from sweep.errors import JournalError
from sweep.journal.events import (
    ArtifactsWritten,
    EndReason,
    Event,
    JobEnded,
    JobOutcome,
    Origin,
    SittingEnded,
    TrialCreated,
)
from sweep.journal.journal import Entry, Journal, decode, encode, read

EVENTS: list[Event] = [
    opened(),
    sitting(),
    created(),
    started(),
    reported(),
    ended(),
    ArtifactsWritten(trial=None, files=["report/report.md"]),
    scored(),
    SittingEnded(reason=EndReason.budget, summary="# Best\ntrial 0", leaderboard=[0]),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with one event of each kind."""
    path = tmp_path / "journal.jsonl"
    journal = Journal.open(path)
    for event in EVENTS:
        journal.append(event)
    journal.close()
    return path


def test_events_come_back_as_they_were(path: Path) -> None:
    assert [entry.event for entry in read(path)] == EVENTS
    assert [entry.seq for entry in read(path)] == list(range(len(EVENTS)))


def test_enums_come_back_as_enums(path: Path) -> None:
    trial, end = (entry.event for entry in read(path) if isinstance(entry.event, (TrialCreated, JobEnded)))
    assert isinstance(trial, TrialCreated) and trial.origin is Origin.sampler
    assert isinstance(end, JobEnded) and end.outcome is JobOutcome.reached


def test_numbers_come_back_to_the_last_bit() -> None:
    metrics = {"val/accuracy": 0.1 + 0.2, "val/loss": 5e-324, "train/loss": math.inf}
    event = decode(encode(Entry(4, 1.5, replace(reported(), metrics=metrics)))).event
    assert event == replace(reported(), metrics=metrics)


def test_a_loss_that_is_no_number_is_kept() -> None:
    event = decode(encode(Entry(4, 1.5, replace(reported(), metrics={"train/loss": math.nan})))).event
    assert math.isnan(event.metrics["train/loss"])  # type: ignore[union-attr]


def test_each_event_is_one_line_of_ascii(path: Path) -> None:
    lines = path.read_bytes().splitlines()
    assert len(lines) == len(EVENTS)
    assert path.read_bytes().isascii()


def test_a_journal_goes_on_where_it_ended(path: Path) -> None:
    journal = Journal.open(path)
    entry = journal.append(reported(epoch=2))
    journal.close()
    assert entry.seq == len(EVENTS)
    assert read(path) == journal.entries
    assert read(path)[-1] == entry


def test_time_never_runs_back(tmp_path: Path) -> None:
    clock: Iterator[float] = iter([100.0004, 90.0, 100.1234])
    journal = Journal.open(tmp_path / "journal.jsonl", clock=lambda: next(clock))
    assert [journal.append(event).time for event in EVENTS[:3]] == [100.0, 100.0, 100.123]
    journal.close()


def test_time_never_runs_back_from_one_sitting_to_the_next(tmp_path: Path) -> None:
    for now, expected in ((100.0, 100.0), (50.0, 100.0)):
        journal = Journal.open(tmp_path / "journal.jsonl", clock=lambda now=now: now)  # type: ignore[misc]
        assert journal.append(opened()).time == expected
        journal.close()


def test_a_last_line_torn_anywhere_is_cut_off(path: Path) -> None:
    whole = path.read_bytes()
    start_of_last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for length in range(start_of_last, len(whole)):
        path.write_bytes(whole[:length])
        assert [entry.event for entry in read(path)] == EVENTS[:-1], f"torn after {length - start_of_last} bytes"
        assert path.read_bytes() == whole[:length], "reading changes nothing"
        journal = Journal.open(path)
        journal.append(EVENTS[-1])
        journal.close()
        assert [entry.event for entry in read(path)] == EVENTS


def test_a_journal_torn_in_its_first_line_is_a_new_one(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])
    assert read(path) == []


def test_any_damaged_byte_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    line_ends = [place for place, byte in enumerate(whole) if byte == ord("\n")]
    for place in range(0, line_ends[-1], 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0x01
        path.write_bytes(damaged)
        with pytest.raises(JournalError):
            read(path)


def test_damage_in_the_middle_is_refused_by_its_line(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[4] = lines[4].replace(b"0.5", b"0.9")
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match=r"line 5 of .*journal.jsonl is damaged \(checksum\)") as caught:
        Journal.open(path)
    assert "first 4 lines" in caught.value.remedy
    assert path.read_bytes() == b"".join(lines), "nothing is cut off"


@pytest.mark.parametrize("change", ["lost", "twice", "swapped"])
def test_lines_out_of_order_are_refused(change: str, path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    order = {"lost": [0, 1, 3, 4], "twice": [0, 1, 1, 2], "swapped": [0, 2, 1, 3]}[change]
    path.write_bytes(b"".join(lines[place] for place in order))
    with pytest.raises(JournalError, match=r"line \d of .* is damaged \(order\)"):
        read(path)


def test_another_schema_is_refused_even_with_other_fields(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(encode(Entry(0, 1.0, opened(schema=99))))
    with pytest.raises(JournalError, match="schema 99, this program reads schema 1"):
        read(path)
    path.write_bytes(b'{"seq":0,"event":"StudyBegun","schema":98,"crc":"00000000"}\n')
    with pytest.raises(JournalError, match="schema 98"):
        Journal.open(path)


def test_no_journal_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal at"):
        read(tmp_path / "journal.jsonl")


WRITER = """
import sys
from pathlib import Path
from sweep.journal.journal import Journal
from tests.journal.sample import opened, reported
journal = Journal.open(Path(sys.argv[1]))
journal.append(opened())
for epoch in range(1, 1_000_000):
    print(journal.append(reported(epoch=epoch)).seq, flush=True)
"""


def test_every_acknowledged_event_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path)}
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(50):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        acknowledged = [50, *(int(line) for line in writer.stdout if line.endswith("\n"))][-1]
    entries = read(path)
    assert len(entries) > acknowledged >= 50
    assert entries[acknowledged].event == reported(epoch=acknowledged)


def test_an_event_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal.open(path)
    synced: list[tuple[bytes, int]] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append((path.read_bytes(), len(journal.entries))))
    entry = journal.append(opened())
    journal.close()
    assert synced == [(encode(entry), 0)]


@pytest.mark.parametrize("room_bytes", [0, 1, 100])
def test_a_full_disk_leaves_the_journal_as_it_was(room_bytes: int, path: Path) -> None:
    whole = path.read_bytes()
    journal = Journal.open(path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + room_bytes, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            journal.append(reported(epoch=2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == whole
    journal.append(reported(epoch=2))
    journal.close()
    assert [entry.event for entry in read(path)] == [*EVENTS, reported(epoch=2)]


@pytest.mark.parametrize("torn", [b"\r", b"ab\rcd", b"\x0b\x0c\x1c\x85", b"\xff\x00"])
def test_whatever_bytes_a_crash_left_behind_the_last_line_are_cut_off(torn: bytes, path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    Journal.open(path).close()
    assert path.read_bytes() == whole


def test_what_could_not_be_taken_back_is_taken_back_before_the_next_event(path: Path) -> None:
    """A disk that fails in the middle of a line, and then at cutting it off as well."""
    journal = Journal.open(path)
    before = len(journal.entries)
    with open(path, "ab") as file:
        file.write(b'{"seq":')  # what such a failure leaves
    journal.append(reported(0, 1))
    journal.close()
    assert len(read(path)) == before + 1
