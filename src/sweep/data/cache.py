"""Decoded pictures on the disk, ready to be mapped into memory by every worker.

    <cache dir>/pictures/<key>/pictures.u8   (N, S, S, 3) uint8, row by row
                               index.json    whose row is whose, what could not be decoded; with its own checksum
    <cache dir>/pictures/<key>.lock          held by whoever builds <key>
    <cache dir>/pictures/<key>.partial/      being built; nothing reads it, and it vanishes with its builder

The key is a hash of everything the bytes depend on, so a folder that has its final name is complete and never changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from errno import ENOSPC
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.data.decode import DECODER_VERSION, decode_picture, strict_pillow
from sweep.data.hashing import usable_threads
from sweep.data.lock import holding
from sweep.data.unreadable import Unreadable, UnreadablePicture
from sweep.errors import DataError
from sweep.journal.files import sync_folder, write_atomic
from sweep.journal.lock import take_lock

PICTURES_FILE = "pictures.u8"
INDEX_FILE = "index.json"
BUILD_TIMEOUT_S = 3600.0


class DamagedCache(Exception):
    """A cache folder whose files do not belong together; its text says which."""


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Beside the files' own bytes, what decoded pictures depend on."""

    size: int
    """Pixels on a side."""
    max_megapixels: float


@dataclass(frozen=True, eq=False)
class PictureCache:
    """Decoded pictures: row i of `pictures` is the file `paths[i]`."""

    folder: Path
    pictures: NDArray[np.uint8]
    """(N, size, size, 3), mapped read-only."""
    paths: tuple[str, ...]
    manifest: Mapping[str, str]
    """Path → SHA-256 of the file, of the rows in their order."""
    unreadable: tuple[Unreadable, ...]


def cache_key(manifest: Mapping[str, str], settings: DecodeSettings) -> str:
    """What the folder of the decoded `manifest` (path → SHA-256) is called."""
    parts = [DECODER_VERSION, settings.size, settings.max_megapixels, sorted(manifest.items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def decoded_pictures(
    locate: Callable[[str], Path],
    manifest: Mapping[str, str],
    settings: DecodeSettings,
    *,
    cache_dir: Path,
    on_progress: Callable[[int, int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> PictureCache:
    """The decoded pictures of `manifest` (path → SHA-256), from the cache or decoded into it now.

    `locate` says where the file of a path lies.
    Pictures that cannot be decoded are recorded, not raised. Raises DataError when the disk has no room for them or a
    picture changed since it was hashed, and OSError when the cache cannot be written.
    """
    store = cache_dir / "pictures"
    folder = store / cache_key(manifest, settings)
    store.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(store)
    try:
        return open_cache(folder)
    except DamagedCache as damage:
        if folder.exists() and on_notice is not None:
            on_notice(f"the decoded pictures in {folder} are damaged ({damage}) and are decoded again")
    on_wait = partial(on_notice, "another process is decoding these pictures; waiting for it") if on_notice else None
    with holding(folder.with_suffix(".lock"), timeout_s=BUILD_TIMEOUT_S, on_wait=on_wait):
        return _open_or_build(folder, _Build(locate, manifest, settings, on_progress))


def open_cache(folder: Path) -> PictureCache:
    """Map a complete cache folder, without reading its pictures.

    Raises DamagedCache when it is missing or its files do not fit each other.
    """
    content = _read_index(folder / INDEX_FILE)
    size, rows = content["size"], content["pictures"]
    file = folder / PICTURES_FILE
    expected_bytes = len(rows) * size * size * 3
    if not file.is_file() or file.stat().st_size != expected_bytes:
        raise DamagedCache(f"{PICTURES_FILE} is not {expected_bytes} bytes long")
    shape = (len(rows), size, size, 3)
    return PictureCache(
        folder=folder,
        pictures=np.memmap(file, np.uint8, "r", shape=shape) if rows else np.empty(shape, np.uint8),
        paths=tuple(path for path, _ in rows),
        manifest={path: sha256 for path, sha256 in rows},
        unreadable=tuple(Unreadable(path, reason) for path, reason in content["unreadable"]),
    )


def _read_index(path: Path) -> dict[str, Any]:
    try:
        index = json.loads(path.read_bytes())
        content, checksum = index["content"], index["checksum"]
    except FileNotFoundError:
        raise DamagedCache(f"{INDEX_FILE} is missing") from None
    except (ValueError, KeyError, TypeError):
        raise DamagedCache(f"{INDEX_FILE} cannot be read") from None
    if checksum != _checksum(content):
        raise DamagedCache(f"{INDEX_FILE} does not match its checksum")
    return dict(content)


def _checksum(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _remove_abandoned(store: Path) -> None:
    """Removes what builders left that died in the middle: nobody holds their lock any more."""
    for leftover in store.glob("*.partial"):
        with suppress(TimeoutError), take_lock(leftover.with_suffix(".lock"), timeout_s=0):
            if leftover.exists():
                shutil.rmtree(leftover)


@dataclass(frozen=True, slots=True)
class _Build:
    locate: Callable[[str], Path]
    manifest: Mapping[str, str]
    settings: DecodeSettings
    on_progress: Callable[[int, int], None] | None


def _open_or_build(folder: Path, build: _Build) -> PictureCache:
    """With the lock held: another process may have finished meanwhile, or left a damaged folder."""
    try:
        return open_cache(folder)
    except DamagedCache:
        _check_room(folder.parent, build)
    unfinished = folder.with_suffix(".partial")
    for useless in (folder, unfinished):
        if useless.exists():
            shutil.rmtree(useless)
    unfinished.mkdir()
    try:
        _write_folder(unfinished, build)
        unfinished.rename(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)  # the first error is the one to tell
        raise
    return open_cache(folder)


def _check_room(store: Path, build: _Build) -> None:
    needed_mb, free_mb = len(build.manifest) * build.settings.size**2 * 3 / 1e6, shutil.disk_usage(store).free / 1e6
    if needed_mb > free_mb:
        raise DataError(
            f"the decoded pictures need {needed_mb:.0f} MB in {store}, where {free_mb:.0f} MB are free",
            "make room there, or keep them elsewhere: cache_dir=DIR",
        )


def _write_folder(folder: Path, build: _Build) -> None:
    paths = sorted(build.manifest, key=os.fsencode)
    with open(folder / PICTURES_FILE, "w+b", buffering=0) as file:
        unreadable = _decode_all(file.fileno(), paths, build)
        failed = {one.path for one in unreadable}
        kept = [row for row, path in enumerate(paths) if path not in failed]
        _close_gaps(file.fileno(), kept, build.settings.size**2 * 3)
        os.fsync(file.fileno())
    content = {
        "size": build.settings.size,
        "pictures": [[paths[row], build.manifest[paths[row]]] for row in kept],
        "unreadable": [[one.path, one.reason] for one in unreadable],
    }
    write_atomic(folder / INDEX_FILE, json.dumps({"checksum": _checksum(content), "content": content}))


def _decode_all(output: int, paths: list[str], build: _Build) -> list[Unreadable]:
    # Threads, not processes: Pillow leaves Python's lock while it decodes, so they are faster (no start-up, nothing to
    # pickle), and none outlives a killed program.
    unreadable: list[Unreadable] = []
    with strict_pillow(), ThreadPoolExecutor(usable_threads()) as pool:
        decode = partial(_decode_row, output, build)
        for done, failure in enumerate(pool.map(decode, range(len(paths)), paths), 1):
            if failure is not None:
                unreadable.append(failure)
            if build.on_progress is not None:
                build.on_progress(done, len(paths))
    return unreadable


def _decode_row(output: int, build: _Build, row: int, path: str) -> Unreadable | None:
    settings = build.settings
    try:
        file = open(build.locate(path), "rb")
    except OSError as error:
        return Unreadable(path, error.strerror or str(error))
    with file:
        try:
            picture = decode_picture(file, settings.size, settings.max_megapixels)
        except UnreadablePicture as error:
            return Unreadable(path, str(error))
        file.seek(0)
        if hashlib.file_digest(file, "sha256").hexdigest() != build.manifest[path]:
            raise DataError(f"{build.locate(path)} changed while the pictures were read", "start again when they are at rest")
    _write_row(output, row, picture.tobytes())
    return None


def _write_row(output: int, row: int, pixels: bytes) -> None:
    # Written, not mapped: a full disk is then an error here, and not the end of the process by SIGBUS.
    if os.pwrite(output, pixels, row * len(pixels)) != len(pixels):
        raise OSError(ENOSPC, os.strerror(ENOSPC))


def _close_gaps(output: int, kept: list[int], row_bytes: int) -> None:
    """Moves the rows in `kept` (ascending) together at the front and cuts off the rest."""
    for row, old_row in enumerate(kept):
        if row != old_row:
            _write_row(output, row, os.pread(output, row_bytes, old_row * row_bytes))
    os.ftruncate(output, len(kept) * row_bytes)
