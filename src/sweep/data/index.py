"""Which pictures there are, of which class, and in which split where the folders say so.

Two layouts are understood, and pictures may lie in folders below their class's:

    ROOT/<class>/…                  the program splits
    ROOT/train/<class>/…            the given splits are kept; a missing val or test is carved from train
    ROOT/val/<class>/…              (also training, valid, validation, testing; in upper or lower case)
    ROOT/test/<class>/…

`roots.py` merges several such folders, and `labels.py` reads a file instead of folders.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sweep.data.unreadable import Unreadable
from sweep.data.walk import PICTURE_SUFFIXES, Listing, list_folder, list_tree
from sweep.errors import DataError

EXPECTED_LAYOUT = "expected is one folder per class with its pictures: data.root/<class>/picture.jpg"


class Split(StrEnum):
    train = "train"
    val = "val"
    test = "test"


SPLIT_FOLDERS = {
    "train": Split.train,
    "training": Split.train,
    "val": Split.val,
    "valid": Split.val,
    "validation": Split.val,
    "test": Split.test,
    "testing": Split.test,
}
"""In lower case; folders are compared without regard to case."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's file, by its path relative to the root, with `/` and undecodable bytes as surrogate escapes."""

    path: str
    class_name: str
    given: Split | None
    """The split that is said of it, if one is."""


@dataclass(frozen=True, slots=True)
class Index:
    """All pictures of a dataset, ordered by the bytes of their paths."""

    origin: str
    """The setting that says where the pictures are, as messages name it: `data.root=DIR`."""
    roots: Mapping[str, Path]
    """What a path begins with, to the folder that its rest is relative to. A single root's paths begin with nothing."""
    pictures: tuple[Picture, ...]
    class_folders: tuple[tuple[Split | None, str], ...]
    """Every class and the split it was met in, classes without pictures included."""
    unusable: tuple[Unreadable, ...]
    """Those of the pictures that are no files to be read."""
    left_out: tuple[str, ...]
    """What was found and is not part of the dataset, in words."""

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted({name for _, name in self.class_folders}, key=os.fsencode))

    def file(self, path: str) -> Path:
        """Where the picture with this path lies."""
        beginning, root = next((start, root) for start, root in self.roots.items() if path.startswith(start))
        return root / path[len(beginning) :]


def index_pictures(root: Path, setting: str = "data.root") -> Index:
    """Find the pictures below `root`, which is named by `setting`.

    Raises DataError when `root` is no readable folder, holds no class folders, mixes both layouts or holds a symbolic
    link to a folder.
    """
    origin = f"{setting}={root}"
    check_folder(root, origin)
    top = list_folder(root, "")
    if not top.folders:
        _refuse_without_folders(origin, top)
    given = _given_splits(root, origin, top.folders)
    return _index_classes(root, origin, {None: top} if given is None else given, top)


def check_folder(root: Path, origin: str) -> None:
    """Refuse a root that is no folder."""
    if not os.path.lexists(root):
        raise DataError(f"{origin} does not exist", "name an existing folder")
    if not root.is_dir():
        raise DataError(f"{origin} is not a folder", EXPECTED_LAYOUT)


def _refuse_without_folders(origin: str, top: Listing) -> None:
    if not (top.pictures or top.others or top.unusable):
        raise DataError(f"{origin} is empty", EXPECTED_LAYOUT)
    found = len(top.pictures) + len(top.others) + len(top.unusable)
    raise DataError(f"{origin} holds {found} files but no class folders", EXPECTED_LAYOUT)


def _given_splits(root: Path, origin: str, folders: list[str]) -> dict[Split | None, Listing] | None:
    """The listing of each split's folder, or None where the folders of `root` are the classes."""
    named: dict[Split, list[str]] = {}
    for name in folders:
        if (split := SPLIT_FOLDERS.get(name.lower())) is not None:
            named.setdefault(split, []).append(name)
    if Split.train not in named:
        _refuse_without_train(root, origin, folders, named)
        return None
    listings: dict[Split | None, Listing] = {}
    for split, names in named.items():
        if len(names) > 1:
            raise DataError(f"{origin} holds both {names[0]}/ and {names[1]}/", "keep one of them")
        listings[split] = list_folder(root, names[0])
    if not listings[Split.train].folders:
        return None
    beside = [name for name in folders if name.lower() not in SPLIT_FOLDERS]
    if beside:
        raise DataError(
            f"{origin} holds train/ with folders in it, and beside it {beside[0]}/",
            "either all folders are classes, or all are splits (train, val, test) that hold the classes",
        )
    return listings


def _refuse_without_train(root: Path, origin: str, folders: list[str], named: dict[Split, list[str]]) -> None:
    """Folders called val and test with folders in them are surely not the classes."""
    only_splits = len(folders) == sum(map(len, named.values()))
    if only_splits and any(list_folder(root, name).folders for name in folders):
        raise DataError(f"{origin} holds {folders[0]}/ but no train/", "put train/ beside it")


def _index_classes(root: Path, origin: str, listings: dict[Split | None, Listing], top: Listing) -> Index:
    pictures: list[Picture] = []
    class_folders: list[tuple[Split | None, str]] = []
    unusable: list[Unreadable] = []
    others: list[str] = list(top.others)
    for split, listing in listings.items():
        for folder in listing.folders:
            class_name = folder.rpartition("/")[2]
            tree = list_tree(root, folder)
            class_folders.append((split, class_name))
            pictures += [Picture(file.path, class_name, split) for file in tree.pictures]
            pictures += [Picture(one.path, class_name, split) for one in tree.unusable]
            unusable += tree.unusable
            others += tree.others
    pictures.sort(key=lambda picture: os.fsencode(picture.path))
    strays = {file.path for listing in [top, *listings.values()] for file in listing.pictures}
    return Index(
        origin=origin,
        roots={"": root},
        pictures=tuple(pictures),
        class_folders=tuple(class_folders),
        unusable=tuple(unusable),
        left_out=tuple(_left_out(others, strays, listings)),
    )


def _left_out(others: list[str], strays: set[str], listings: dict[Split | None, Listing]) -> list[str]:
    said = []
    if others:
        suffixes = Counter(os.path.splitext(path)[1].lower() or "no extension" for path in others)
        kinds = ", ".join(f"{count} × {suffix}" for suffix, count in suffixes.most_common(5))
        allowed = " ".join(sorted(PICTURE_SUFFIXES))
        said.append(f"{len(others)} files are left out, as they are not named like pictures ({kinds}; pictures are {allowed})")
    if strays:
        said.append(f"{len(strays)} pictures outside any class folder are left out, for example {min(strays, key=os.fsencode)}")
    said += [f"{split}/ holds no class folders and is left out" for split, one in listings.items() if split and not one.folders]
    return said
