"""Decoded pictures on the disk, ready to be read by every worker.

    <cache dir>/pictures/<key>/              pictures.u8 and index.json, as `decoding.py` writes them
    <cache dir>/pictures/<key>.lock          held by whoever builds <key>
    <cache dir>/pictures/<key>.partial/      being built; nothing reads it, and it vanishes with its builder

The key is a hash of everything the bytes depend on, so a folder that has its final name is complete and never changes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sweep.data.decode import DECODER_VERSION
from sweep.data.decoding import INDEX_FILE, PICTURES_FILE, Build, DecodeSettings, checksum, write_folder
from sweep.data.lock import holding
from sweep.data.stored import DamagedCache, StoredPictures
from sweep.data.unreadable import Unreadable
from sweep.errors import DataError, explain
from sweep.journal.files import remove_temporaries, sync_folder
from sweep.journal.lock import take_lock

BUILD_TIMEOUT_S = 3600.0
CACHE_REMEDY = "make room there and check its permissions, or keep it elsewhere: cache_dir=DIR"

INDEX_FORMAT = 2
"""Of index.json: another one is another cache, so that an older program and a newer one leave each other alone."""


@dataclass(frozen=True, eq=False)
class PictureCache:
    """Decoded pictures: row i of `pictures` is the file `paths[i]`."""

    folder: Path
    pictures: NDArray[np.uint8]
    """(N, size, size, 3); in truth `StoredPictures`, an array to all who index it."""
    paths: tuple[str, ...]
    manifest: Mapping[str, str]
    """Path → SHA-256 of the file, of the rows in their order."""
    unreadable: tuple[Unreadable, ...]


def cache_key(manifest: Mapping[str, str], settings: DecodeSettings) -> str:
    """What the folder of the decoded `manifest` (path → SHA-256) is called."""
    parts = [INDEX_FORMAT, DECODER_VERSION, settings.size, settings.max_megapixels, sorted(manifest.items())]
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

    `locate` says where the file of a path lies. What the cache holds is read and checked in full.
    Pictures that cannot be read or decoded are recorded, not raised. Raises DataError when the disk has no room for them
    or a picture changed since it was hashed, and OSError when the cache cannot be used.
    """
    store = cache_dir / "pictures"
    folder = store / cache_key(manifest, settings)
    store.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(store)
    try:
        return _open_checked(folder)
    except DamagedCache as damage:
        if folder.exists() and on_notice is not None:
            on_notice(f"the decoded pictures in {folder} are damaged ({damage.problem}) and are decoded again")
    on_wait = partial(on_notice, "another process is decoding these pictures; waiting for it") if on_notice else None
    with holding(_lock_of(folder), timeout_s=BUILD_TIMEOUT_S, on_wait=on_wait):
        return _open_or_build(folder, Build(locate, manifest, settings, on_progress))


def open_cache(folder: Path) -> PictureCache:
    """Open a complete cache folder, without reading its pictures.

    Raises DamagedCache when it is missing, cannot be opened, or its files do not fit each other.
    """
    return _open(folder)[0]


def _open_checked(folder: Path) -> PictureCache:
    cache, pictures, checksums = _open(folder)
    pictures.check(checksums)
    return cache


def _open(folder: Path) -> tuple[PictureCache, StoredPictures, list[int]]:
    """With the pictures as what they are, and the checksum of each."""
    content = _read_index(folder / INDEX_FILE)
    rows = content["pictures"]
    try:
        pictures = StoredPictures(folder / PICTURES_FILE, len(rows), content["size"])
    except OSError as error:
        raise DamagedCache(f"{PICTURES_FILE} cannot be opened: {error.strerror}") from error
    cache = PictureCache(
        folder=folder,
        pictures=cast(NDArray[np.uint8], pictures),
        paths=tuple(path for path, *_ in rows),
        manifest={path: sha256 for path, sha256, *_ in rows},
        unreadable=tuple(Unreadable(path, reason) for path, reason in content["unreadable"]),
    )
    return cache, pictures, [crc32 for *_, crc32 in rows]


def _read_index(path: Path) -> dict[str, Any]:
    try:
        index = json.loads(path.read_bytes())
        content, said = index["content"], index["checksum"]
    except FileNotFoundError:
        raise DamagedCache(f"{INDEX_FILE} is missing") from None
    except OSError as error:
        raise DamagedCache(f"{INDEX_FILE} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DamagedCache(f"{INDEX_FILE} cannot be read") from None
    if said != checksum(content):
        raise DamagedCache(f"{INDEX_FILE} does not match its checksum")
    return dict(content)


def _remove_abandoned(store: Path) -> None:
    """Removes what processes left that died in the middle: nobody holds their lock any more."""
    for leftover in store.glob("*.partial"):
        with suppress(TimeoutError), take_lock(_lock_of(leftover), timeout_s=0):
            if leftover.exists():
                shutil.rmtree(leftover)
    remove_temporaries(store)


def _lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _open_or_build(folder: Path, build: Build) -> PictureCache:
    """With the lock held: another process may have finished meanwhile, or left a damaged folder."""
    try:
        return _open_checked(folder)
    except DamagedCache:
        _check_room(folder.parent, build)
    unfinished = folder.with_suffix(".partial")
    for useless in (folder, unfinished):
        if useless.exists():
            shutil.rmtree(useless)
    unfinished.mkdir(mode=0o700)
    try:
        return _build(folder, unfinished, build)
    except OSError as error:
        raise DataError(f"the cache cannot be written: {explain(error, unfinished)}", CACHE_REMEDY) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # not there when all went well


def _build(folder: Path, unfinished: Path, build: Build) -> PictureCache:
    unread = write_folder(unfinished, build)
    if not unread:
        _give_name(unfinished, folder)
        return open_cache(folder)
    # What could not be read this time may be whole: the folder gets the name that it has without it.
    read = {path: sha256 for path, sha256 in build.manifest.items() if path not in {one.path for one in unread}}
    smaller = folder.with_name(cache_key(read, build.settings))
    with holding(_lock_of(smaller), timeout_s=BUILD_TIMEOUT_S):
        try:
            cache = _open_checked(smaller)
        except DamagedCache:
            shutil.rmtree(smaller, ignore_errors=True)
            _give_name(unfinished, smaller)
            cache = open_cache(smaller)
    return replace(cache, unreadable=(*cache.unreadable, *unread))


def _give_name(unfinished: Path, folder: Path) -> None:
    """From now on the folder is as open to others as the one that it lies in."""
    mode = unfinished.parent.stat().st_mode & 0o777
    for file in unfinished.iterdir():
        file.chmod(mode & 0o666)
    unfinished.chmod(mode)
    unfinished.rename(folder)
    sync_folder(folder.parent)


def _check_room(store: Path, build: Build) -> None:
    needed_mb, free_mb = len(build.manifest) * build.settings.size**2 * 3 / 1e6, shutil.disk_usage(store).free / 1e6
    if needed_mb > free_mb:
        raise DataError(
            f"the decoded pictures need {needed_mb:.0f} MB in {store}, where {free_mb:.0f} MB are free",
            "make room there, or keep them elsewhere: cache_dir=DIR",
        )
