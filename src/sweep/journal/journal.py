"""The journal's file: one checksummed JSON line per event, on the disk before anyone acts on it."""

from __future__ import annotations

import dataclasses
import json
import os
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cache
from io import FileIO
from pathlib import Path
from typing import Any, get_args, get_type_hints

from sweep.errors import JournalError
from sweep.journal.events import SCHEMA_VERSION, Event, StudyOpened
from sweep.journal.files import naming, sync_folder

_KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, its place in the journal (from 0) and when it was written (seconds since the epoch, UTC)."""

    seq: int
    time: float
    event: Event


class Journal:
    """The entries read so far and the file they go to. One process at a time may hold a journal open."""

    def __init__(self, path: Path, entries: list[Entry], file: FileIO, clock: Callable[[], float]) -> None:
        self.path = path
        self.entries = entries
        self._file = file
        self._intact_bytes = os.fstat(file.fileno()).st_size
        self._clock = clock

    @classmethod
    def open(cls, path: Path, clock: Callable[[], float] | None = None) -> Journal:
        """Opens the journal for appending, creating it if need be; a torn last line is cut off.

        `clock` tells the time of an entry; by default one that goes on steadily from now, or from the last entry where that
        is later, whatever happens to the system's clock.

        Raises JournalError when a line in the middle is damaged or the schema is another.
        """
        entries, intact_bytes = _read(path)
        is_new = not path.exists()
        file = FileIO(path, "ab")
        file.truncate(intact_bytes)
        if is_new:
            sync_folder(path.parent)
        return cls(path, entries, file, clock or _steady_clock(entries[-1].time if entries else 0.0))

    def append(self, event: Event) -> Entry:
        """Writes `event` and forces it to the disk; returns it with its place and time.

        Raises OSError, on a full disk for one; then the journal is as it was before.
        """
        # Never before the previous entry: an epoch must not end before it began.
        now = max(self._clock(), self.entries[-1].time if self.entries else 0.0)
        entry = Entry(len(self.entries), round(now, 3), event)
        line = encode(entry)
        try:
            with naming(self.path):
                if os.fstat(self._file.fileno()).st_size != self._intact_bytes:  # what failed before could not be taken back then
                    self._file.truncate(self._intact_bytes)
                self._write(line)
        except BaseException:
            with suppress(OSError):
                self._file.truncate(self._intact_bytes)
            raise
        self._intact_bytes += len(line)
        self.entries.append(entry)
        return entry

    def close(self) -> None:
        self._file.close()

    def _write(self, line: bytes) -> None:
        while line:  # without a buffer a write may take less than it is given
            line = line[self._file.write(line) :]
        os.fsync(self._file.fileno())


def read(path: Path) -> list[Entry]:
    """Every intact entry of the journal at `path`; a torn last line is ignored.

    Raises JournalError when there is no journal, a line in the middle is damaged or the schema is another.
    """
    if not path.exists():
        raise JournalError(f"there is no journal at {path}", "name a study's folder")
    return _read(path)[0]


def _steady_clock(not_before: float) -> Callable[[], float]:
    """Seconds since the epoch. A clock that is set while a sweep runs would spend hours that nobody worked, or take them back."""
    start = max(time.time(), not_before) - _seconds_since_boot()
    return lambda: start + _seconds_since_boot()


def _seconds_since_boot() -> float:
    """Sleep included, where the system tells."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def encode(entry: Entry) -> bytes:
    """One line: the entry as JSON with a checksum of everything before it."""
    body = {"seq": entry.seq, "time": entry.time, "event": type(entry.event).__name__, **dataclasses.asdict(entry.event)}
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
    return f'{text[:-1]},"crc":"{zlib.crc32(text.encode()):08x}"}}\n'.encode()


def decode(line: bytes) -> Entry:
    """The entry of one line; ValueError when the line is damaged."""
    head, mark, tail = line.decode().rpartition(',"crc":"')
    if not mark or tail[8:] != '"}\n' or int(tail[:8], 16) != zlib.crc32(f"{head}}}".encode()):
        raise ValueError("checksum")
    body = json.loads(f"{head}}}")
    kind = _KINDS.get(body.pop("event"))
    if kind is None:
        raise ValueError("event")
    return Entry(body.pop("seq"), body.pop("time"), _restore(kind, body))


def _restore(kind: type, body: dict[str, Any]) -> Event:
    for name, option in _enums(kind).items():
        if name in body:
            body[name] = option(body[name])
    event: Event = kind(**body)
    return event


@cache
def _enums(kind: type) -> dict[str, type[Enum]]:
    """The fields of an event that are enums."""
    hints = get_type_hints(kind).items()
    return {name: hint for name, hint in hints if isinstance(hint, type) and issubclass(hint, Enum)}


def _read(path: Path) -> tuple[list[Entry], int]:
    """The entries and how many bytes of the file they fill."""
    entries: list[Entry] = []
    intact = 0
    lines = _lines(path.read_bytes()) if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            entry = decode(line)
            if entry.seq != len(entries):
                raise ValueError("order")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if number == len(lines) and not line.endswith(b"\n"):
                break  # torn by a crash while it was written: nobody has acted on it
            _refuse_other_schema(path, line)
            raise JournalError(
                f"line {number} of {path} is damaged ({error})",
                f"restore the file from a copy, or keep its first {number - 1} lines and run the same command again",
            ) from None
        if isinstance(entry.event, StudyOpened):
            _check_schema(path, entry.event.schema)
        entries.append(entry)
        intact += len(line)
    return entries, intact


def _lines(content: bytes) -> list[bytes]:
    """With their ends. Only a line feed ends one: what a crash left behind may hold any other byte."""
    *whole, rest = content.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _check_schema(path: Path, schema: object) -> None:
    if schema != SCHEMA_VERSION:
        raise JournalError(
            f"{path} is of schema {schema}, this program reads schema {SCHEMA_VERSION}",
            "use the version that wrote it, or study.new=true for another study",
        )


def _refuse_other_schema(path: Path, line: bytes) -> None:
    """An intact first line of another schema may have other fields: say that rather than «damaged»."""
    try:
        body = json.loads(line)
    except ValueError:
        return
    if isinstance(body, dict) and "schema" in body:
        _check_schema(path, body["schema"])
