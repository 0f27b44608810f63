"""One process at a time: a lock that the system lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_S = 0.1


@contextmanager
def take_lock(path: Path, timeout_s: float, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds the lock file `path`, which is created and left there.

    `on_wait` is called once when another process holds it. Raises TimeoutError when it is still held after `timeout_s`
    (0: does not wait), and OSError when the file cannot be created.
    """
    deadline = time.monotonic() + timeout_s
    with open(path, "a", opener=no_link) as file:
        waited = False
        while not _try_lock(file.fileno()):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"another process has held {path} for {timeout_s:g} s")
            if not waited and on_wait is not None:
                on_wait()
            waited = True
            time.sleep(POLL_S)
        yield


def no_link(path: str, flags: int) -> int:
    """Opens a file of our own: where a link leads to is not ours to write to."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _try_lock(handle: int) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
