"""Decoding a whole dataset into the two files of a cache folder.

pictures.u8   (N, S, S, 3) uint8, row by row
index.json    whose row is whose, with each row's checksum; what could not be decoded; and its own checksum
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sweep.data.decode import decode_picture, strict_pillow
from sweep.data.hashing import open_regular, usable_threads
from sweep.data.unreadable import Unreadable, UnreadablePicture
from sweep.errors import DataError
from sweep.journal.files import write_atomic

PICTURES_FILE = "pictures.u8"
INDEX_FILE = "index.json"


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Beside the files' own bytes, what decoded pictures depend on."""

    size: int
    """Pixels on a side."""
    max_megapixels: float


@dataclass(frozen=True, slots=True)
class Build:
    """What is decoded, and how."""

    locate: Callable[[str], Path]
    """Where the file of a path lies."""
    manifest: Mapping[str, str]
    """Path → SHA-256."""
    settings: DecodeSettings
    on_progress: Callable[[int, int], None] | None


def write_folder(folder: Path, build: Build) -> list[Unreadable]:
    """Decodes everything into an empty `folder`.

    Returns the pictures whose files could not be read this time: they are not part of the folder, as what they hold may
    be sound. Raises OSError when the folder cannot be written, and DataError when a picture is not what was hashed.
    """
    paths = sorted(build.manifest, key=os.fsencode)
    with open(folder / PICTURES_FILE, "w+b", buffering=0, opener=_for_us_alone) as file:
        rows = _decode_all(file.fileno(), paths, build)
        kept = [row for row, result in enumerate(rows) if isinstance(result, int)]
        _close_gaps(file.fileno(), kept, build.settings.size**2 * 3)
        os.fsync(file.fileno())
    failed = [result for result in rows if isinstance(result, _Failed)]
    content = {
        "size": build.settings.size,
        "pictures": [[paths[row], build.manifest[paths[row]], rows[row]] for row in kept],
        "unreadable": [[one.path, one.reason] for one in failed if one.is_for_good],
    }
    write_atomic(folder / INDEX_FILE, json.dumps({"checksum": checksum(content), "content": content}))
    return [Unreadable(one.path, one.reason) for one in failed if not one.is_for_good]


def checksum(content: Any) -> str:
    """Of the index's content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@dataclass(frozen=True, slots=True)
class _Failed:
    path: str
    reason: str
    is_for_good: bool
    """The file's bytes are no picture; otherwise it was the disk, or the memory, and may be better next time."""


def _decode_all(output: int, paths: list[str], build: Build) -> list[int | _Failed]:
    """For each path the CRC-32 of its row, or why it has none."""
    # Threads, not processes: Pillow leaves Python's lock while it decodes, so they are faster (no start-up, nothing to
    # pickle), and none outlives a killed program.
    rows: list[int | _Failed] = []
    with strict_pillow(), ThreadPoolExecutor(usable_threads()) as pool:
        try:
            for result in pool.map(partial(_decode_row, output, build), range(len(paths)), paths):
                rows.append(result)
                if build.on_progress is not None:
                    build.on_progress(len(rows), len(paths))
        except BaseException:
            pool.shutdown(cancel_futures=True)  # a full disk is told at once, not after all the others
            raise
    return rows


def _decode_row(output: int, build: Build, row: int, path: str) -> int | _Failed:
    settings = build.settings
    reason = ""
    pixels = b""
    try:
        with open_regular(build.locate(path)) as file:
            try:
                pixels = decode_picture(file, settings.size, settings.max_megapixels).tobytes()
            except UnreadablePicture as error:
                reason = str(error)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, MemoryError) as error:
        return _Failed(path, getattr(error, "strerror", None) or "not enough memory to unpack it", is_for_good=False)
    if sha256 != build.manifest[path]:
        raise DataError(f"{build.locate(path)} changed while the pictures were read", "start again when they are at rest")
    if reason:
        return _Failed(path, reason, is_for_good=True)
    _write_row(output, row, pixels)
    return zlib.crc32(pixels)


def _write_row(output: int, row: int, pixels: bytes) -> None:
    # Written, not mapped: a full disk is then an error here, and not the end of the process by SIGBUS.
    left, end = memoryview(pixels), (row + 1) * len(pixels)
    while left:
        left = left[os.pwrite(output, left, end - len(left)) :]


def _close_gaps(output: int, kept: list[int], row_bytes: int) -> None:
    """Moves the rows in `kept` (ascending) together at the front and cuts off the rest."""
    for row, old_row in enumerate(kept):
        if row != old_row:
            _write_row(output, row, os.pread(output, row_bytes, old_row * row_bytes))
    os.ftruncate(output, len(kept) * row_bytes)
