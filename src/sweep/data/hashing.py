"""The SHA-256 of every picture's bytes: what identifies a picture, wherever it lies."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from errno import EINVAL
from io import BufferedReader
from pathlib import Path

from sweep.data.unreadable import Unreadable

MAX_THREADS = 16  # more only move the disk's heads, and each may hold a whole decoded picture


def usable_threads() -> int:
    """The cores this process may use, within reason."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(MAX_THREADS, cores or 1))


def open_regular(path: Path) -> BufferedReader:
    """The file, open for reading; raises OSError, and waits for nothing, when it is a pipe or a device by now."""
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(EINVAL, "not a regular file")
    return file


def hash_files(
    locate: Callable[[str], Path], paths: Iterable[str], *, on_progress: Callable[[int, int], None] | None = None
) -> tuple[dict[str, str], list[Unreadable]]:
    """The SHA-256 of each file by its path, in the given order, and the files that could not be read.

    `locate` says where the file of a path lies. `on_progress(done, total)` counts files.
    """
    hashes: dict[str, str] = {}
    failed: list[Unreadable] = []
    wanted = list(paths)
    # Threads: hashing and reading both leave Python's lock.
    with ThreadPoolExecutor(usable_threads()) as pool:
        results = pool.map(lambda path: _hash_file(locate, path), wanted)
        for done, (path, result) in enumerate(zip(wanted, results, strict=True), 1):
            if isinstance(result, Unreadable):
                failed.append(result)
            else:
                hashes[path] = result
            if on_progress is not None:
                on_progress(done, len(wanted))
    return hashes, failed


def _hash_file(locate: Callable[[str], Path], path: str) -> str | Unreadable:
    try:
        with open_regular(locate(path)) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Unreadable(path, error.strerror or str(error))
