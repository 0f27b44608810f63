"""The pictures that a labels file names, instead of those in class folders.

Paths are relative to a root and may not leave it. What `walk.py` holds of symbolic links holds here: folders' links are
refused by name, links to single files are followed, and one to a file that its class has anyway adds nothing.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from sweep.data.index import SPLIT_FOLDERS, Index, Picture, Split, check_folder
from sweep.data.labels_file import Line, read_labels
from sweep.data.unreadable import Unreadable
from sweep.data.walk import File, each_once
from sweep.errors import DataError


def index_labels(file: Path, root: Path) -> Index:
    """Find the pictures that the labels file names, below `root`.

    Where any line names a split, a line without one is of the training split. Raises DataError for whatever `read_labels`
    refuses, a split of another name, a path that is absolute or leaves `root`, a picture of two classes or splits, and a
    symbolic link to a folder.
    """
    origin = f"data.labels={file}"
    pictures = _pictures(read_labels(file), origin)
    check_folder(root, f"data.root={root}")
    _refuse_linked_folders(root, pictures)
    files: dict[tuple[Split | None, str], list[File]] = defaultdict(list)
    unusable = []
    for picture in pictures:
        found = _look_at(root, picture.path)
        if isinstance(found, File):
            files[picture.given, picture.class_name].append(found)
        else:
            unusable.append(found)
    kept = {found.path for group in files.values() for found in each_once(group)} | {one.path for one in unusable}
    return Index(
        origin=origin,
        roots={"": root},
        pictures=tuple(picture for picture in pictures if picture.path in kept),
        class_folders=tuple(dict.fromkeys((picture.given, picture.class_name) for picture in pictures)),
        unusable=tuple(unusable),
        left_out=(),
    )


def _pictures(lines: list[Line], origin: str) -> list[Picture]:
    """Each picture once, by the bytes of their paths."""
    has_splits = any(line.split for line in lines)
    first: dict[str, tuple[Line, Picture]] = {}
    for line in lines:
        path = _plain_path(line, origin)
        picture = Picture(path, line.label, _split(line, origin) if has_splits else None)
        earlier, known = first.setdefault(path, (line, picture))
        if known.class_name != picture.class_name:
            _refuse_contradiction(origin, path, (earlier, known.class_name), (line, picture.class_name))
        if known.given != picture.given:
            _refuse_contradiction(origin, path, (earlier, str(known.given)), (line, str(picture.given)))
    return sorted((picture for _, picture in first.values()), key=lambda picture: os.fsencode(picture.path))


def _plain_path(line: Line, origin: str) -> str:
    path = posixpath.normpath(line.path)
    if posixpath.isabs(path) or ".." in line.path.split("/"):
        said = "is absolute" if posixpath.isabs(path) else "holds .."
        raise DataError(
            f"{origin}, line {line.number}: {line.path} {said}",
            "paths start at data.root where it is given, else beside the labels file, and stay inside",
        )
    return path


def _split(line: Line, origin: str) -> Split:
    if not line.split:
        return Split.train
    if line.split.lower() not in SPLIT_FOLDERS:
        raise DataError(
            f"{origin}, line {line.number}: {line.split!r} is no split", f"allowed: {', '.join(SPLIT_FOLDERS)}, or nothing"
        )
    return SPLIT_FOLDERS[line.split.lower()]


def _refuse_contradiction(origin: str, path: str, first: tuple[Line, str], second: tuple[Line, str]) -> None:
    said = " and ".join(f"{what!r} on line {line.number}" for line, what in (first, second))
    raise DataError(f"{origin}: {path} is {said}", "keep one of the lines")


def _refuse_linked_folders(root: Path, pictures: Iterable[Picture]) -> None:
    for folder in sorted({folder for picture in pictures for folder in _folders_above(picture.path)}, key=os.fsencode):
        if os.path.islink(root / folder):
            raise DataError(
                f"{root / folder} is a symbolic link to a folder ({os.path.realpath(root / folder)})",
                "folders' links are not followed: put the folder itself there, or link its files one by one",
            )


def _folders_above(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path


def _look_at(root: Path, path: str) -> File | Unreadable:
    try:
        status = os.stat(root / path)
    except OSError as error:
        return Unreadable(path, error.strerror or str(error))
    if not stat.S_ISREG(status.st_mode):
        return Unreadable(path, "not a regular file")
    return File(path, (status.st_dev, status.st_ino), os.path.islink(root / path))
