"""One driver per study: a lock that the operating system drops with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweep.errors import StudyError
from sweep.journal.lock import no_link


@contextmanager
def hold_study(folder: Path) -> Iterator[None]:
    """Holds the study in `folder` for this process; StudyError naming the holder when another has it."""
    path = folder / "lock"
    with open(path, "a+", opener=no_link) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StudyError(f"the study {folder.name} is in the hands of {_holder(path)}", "wait for it or stop it") from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        yield


def holder_of(folder: Path) -> str | None:
    """Who holds the study right now, or None."""
    path = folder / "lock"
    if not path.exists():
        return None
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(path)
    return None


def _holder(path: Path) -> str:
    return path.read_text().strip() or "another process"
