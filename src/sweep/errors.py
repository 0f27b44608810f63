"""Every error the program raises on purpose.

    SweepError
    ├── ConfigError        a key, value, range or relation in the configuration
    ├── DataError          the picture folder or a picture in it
    ├── WeightsError       a weights file
    ├── StudyError         the study's folder: locked, changed data, unknown name
    ├── JournalError       the study's journal: damaged, of another version
    ├── CheckpointError    a checkpoint file: damaged, of another trial
    ├── TrackingError      a store that mirrors the journal cannot be reached or used
    └── InternalError      our own fault; exit code 1

A `SweepError` says what was wrong and where, and its `remedy` says what is allowed or what to do. The program prints
both on one line, without a traceback, and leaves with `exit_code`.
"""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

EXIT_DONE = 0
EXIT_OUR_FAULT = 1
EXIT_USER_INPUT = 2
EXIT_INTERRUPTED = 130  # Ctrl-C; the study can be continued
EXIT_TERMINATED = 143  # SIGTERM; the study can be continued


class SweepError(Exception):
    """A failure that the program explains in one line."""

    exit_code = EXIT_USER_INPUT

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} — {self.remedy}" if self.remedy else self.problem

    @property
    def line(self) -> str:
        """The message on one line, safe to print: names of files may hold line breaks and other control characters."""
        return printable(str(self))


class ConfigError(SweepError):
    """The configuration names something that does not exist or is not allowed."""


class DataError(SweepError):
    """The pictures cannot be used as they are."""


class WeightsError(SweepError):
    """A weights file is missing, damaged, unsafe or of another network."""


class StudyError(SweepError):
    """The study's folder cannot be opened or continued."""


class JournalError(SweepError):
    """The journal is damaged or was written by another version."""


class CheckpointError(SweepError):
    """A checkpoint is damaged or belongs to another trial."""


class TrackingError(SweepError):
    """A mirror's store cannot be reached or used."""


class InternalError(SweepError):
    """The program broke its own rules."""

    exit_code = EXIT_OUR_FAULT


def printable(text: str) -> str:
    """`text` with every character that could break a line or drive a terminal shown as an escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text)


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def explain(error: OSError, path: Path | None = None) -> str:
    """What went wrong with `path`, or with the file that the error names; where there was no room, with how much is free."""
    if path is None:
        if not isinstance(error.filename, str):
            return str(error)
        path = Path(error.filename)
    said = f"{path}: {error.strerror or error}"
    if error.errno not in _NO_ROOM:
        return said
    existing = next((folder for folder in (path, *path.absolute().parents) if folder.exists()), Path("/"))
    disk = os.statvfs(existing)
    free = f"{disk.f_bavail * disk.f_frsize / 1e6:.1f} MB free"
    return f"{said} ({free}, but no entry for another file)" if disk.f_files and not disk.f_favail else f"{said} ({free})"


MAX_LISTED = 20


def nearest(name: str, valid: Iterable[str]) -> str:
    """A sentence that names what `name` was probably meant to be, and what else is allowed.

    Of a long list only the names beside `name` are shown: those with the same dotted beginning.
    """
    options = sorted(valid)
    found = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
    meant = f"did you mean {found[0]!r}? " if found else ""
    beginning = name.rpartition(".")[0]
    shown = options if len(options) <= MAX_LISTED else [option for option in options if option.startswith(f"{beginning}.")]
    return meant + ("allowed: " + ", ".join(shown) if shown else "see python -m sweep --cfg job")
