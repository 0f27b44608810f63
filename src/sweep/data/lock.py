"""One process at a time: a lock that the system lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sweep.errors import DataError

POLL_S = 0.1


@contextmanager
def holding(path: Path, *, timeout_s: float, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file `path`, which is created and left there.

    `on_wait` is called once when another process holds it. Raises DataError when it is still held after `timeout_s`.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + timeout_s
        waited = False
        while not _take(handle):
            if not waited and on_wait is not None:
                on_wait()
            waited = True
            if time.monotonic() >= deadline:
                raise DataError(
                    f"another process has held {path} for {timeout_s:g} s", "wait for it or stop it, then start again"
                )
            time.sleep(POLL_S)
        yield
    finally:
        os.close(handle)


@contextmanager
def holding_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock file `path` where nobody else does; gives whether it is held now."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield _take(handle)
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
