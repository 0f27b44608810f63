"""What lies in a folder, seen without ever following a folder's symbolic link or opening anything but regular files.

Folders' symbolic links are refused by name: one that points to a parent would show every picture again under another
class, and one that leaves the root could be anything. Links to single files are followed, as folders put together from
links are common; a link to a file that is met in the same class anyway adds nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sweep.data.unreadable import Unreadable
from sweep.errors import DataError

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class File:
    """A regular file: its path relative to the root, and which file it is on the disk."""

    path: str
    inode: tuple[int, int]
    is_link: bool


@dataclass(slots=True)
class Listing:
    """The contents of one folder, or of everything below it."""

    folders: list[str] = field(default_factory=list)
    pictures: list[File] = field(default_factory=list)
    unusable: list[Unreadable] = field(default_factory=list)
    """Named like pictures, but not files that can be read."""
    others: list[str] = field(default_factory=list)
    """Files that are not named like pictures."""


def list_folder(root: Path, folder: str) -> Listing:
    """What is visible directly in `root/folder`; `""` is the root itself. Folders are paths relative to the root.

    Raises DataError for a folder that cannot be read and for a symbolic link to a folder.
    """
    listing = Listing()
    try:
        with os.scandir(root / folder) as entries:
            for entry in sorted(entries, key=lambda entry: os.fsencode(entry.name)):
                if not entry.name.startswith("."):
                    _add(listing, entry, f"{folder}/{entry.name}" if folder else entry.name)
    except OSError as error:
        raise _unreadable_folder(str(root / folder), error) from error
    return listing


def _unreadable_folder(path: str, error: OSError) -> DataError:
    return DataError(f"folder {path} cannot be read: {error.strerror}", "check its permissions and the length of its path")


def list_tree(root: Path, folder: str) -> Listing:
    """Everything visible in `root/folder` and the folders below it, each file once, ordered by the bytes of its path."""
    found, pending = Listing(), [folder]
    while pending:
        listing = list_folder(root, pending.pop())
        pending += listing.folders
        found.folders += listing.folders
        found.pictures += listing.pictures
        found.unusable += listing.unusable
        found.others += listing.others
    found.pictures = list(each_once(found.pictures))
    found.unusable.sort(key=lambda one: os.fsencode(one.path))
    return found


def _add(listing: Listing, entry: os.DirEntry[str], path: str) -> None:
    try:
        status = entry.stat()
    except OSError as error:
        if entry.is_dir(follow_symlinks=False):
            raise _unreadable_folder(entry.path, error) from error
        _add_unusable(listing, path, f"symbolic link to nowhere: {error.strerror}" if entry.is_symlink() else str(error.strerror))
        return
    if stat.S_ISDIR(status.st_mode):
        if entry.is_symlink():
            raise DataError(
                f"{entry.path} is a symbolic link to a folder ({os.path.realpath(entry.path)})",
                "folders' links are not followed: put the folder itself there, or link its files one by one",
            )
        listing.folders.append(path)
    elif not stat.S_ISREG(status.st_mode):
        _add_unusable(listing, path, "not a regular file")
    elif is_picture_name(path):
        listing.pictures.append(File(path, (status.st_dev, status.st_ino), entry.is_symlink()))
    else:
        listing.others.append(path)


def _add_unusable(listing: Listing, path: str, reason: str) -> None:
    if is_picture_name(path):
        listing.unusable.append(Unreadable(path, reason))
    else:
        listing.others.append(path)


def is_picture_name(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in PICTURE_SUFFIXES


def each_once(files: Iterable[File]) -> Iterator[File]:
    """`files` by the bytes of their paths, without links to files that are there anyway."""
    files = list(files)
    seen = {file.inode for file in files if not file.is_link}
    for file in sorted(files, key=lambda file: os.fsencode(file.path)):
        if not file.is_link:
            yield file
        elif file.inode not in seen:
            seen.add(file.inode)
            yield file
