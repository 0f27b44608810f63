"""Files that are either the old one or the new one, whatever happens in between."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.\d+(\.\w+)?\.tmp(-journal|-wal|-shm)?", re.DOTALL)


def _umask() -> int:
    """Asking sets it: so it is asked once, before there are threads that create files."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_MODE = 0o666 & ~_umask()


def write_atomic(path: Path, content: bytes | str, previous: Path | None = None) -> None:
    """Writes `content` to a temporary name beside `path`, forces it to the disk and renames it into place.

    With `previous` the old file gets that name, in the same folder, instead of going; after a kill in between it is there alone.
    Raises OSError that names `path`; then the old file is untouched and the temporary one removed.
    """
    data = content.encode() if isinstance(content, str) else content
    with naming(path):
        _write(path, data, previous)
        sync_folder(path.parent)


def _write(path: Path, data: bytes, previous: Path | None) -> None:
    handle, temporary = _create_temporary(path)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
            if previous is not None and path.exists():
                os.replace(path, previous)
            os.replace(temporary, path)
            with contextlib.suppress(PermissionError):  # there are disks without modes
                os.fchmod(handle, _MODE)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _create_temporary(path: Path) -> tuple[int, Path]:
    """A new file that nobody else can open, beside `path`, and held under a lock: a leftover is one that nobody holds."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{os.getpid()}.", suffix=".tmp")
        with contextlib.suppress(OSError):  # there are disks without locks; a leftover then stays
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.path.exists(name):
            return handle, Path(name)
        os.close(handle)  # taken for a leftover before it was locked


def remove_temporaries(folder: Path) -> None:
    """Removes, anywhere below `folder`, the temporary files of processes that were killed; not what is being written now."""
    for parent, _, names in os.walk(folder):
        for name in names:
            if _TEMPORARY.fullmatch(name):
                with contextlib.suppress(OSError):  # held by who writes it, or gone this moment
                    _remove_unheld(os.path.join(parent, name))


def _remove_unheld(name: str) -> None:
    handle = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name)
    finally:
        os.close(handle)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Lets an OSError within name `path`: writing names nothing, and a temporary file's name means nothing to anyone."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def sync_folder(folder: Path) -> None:
    """Forces a folder's entries to the disk, so that a rename in it survives a power cut. Raises OSError that names it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with naming(folder):
            os.fsync(handle)
    finally:
        os.close(handle)
