"""Which pictures there are, of which class, and in which split where the folders say so.

Two layouts are understood, and pictures may lie in folders below their class's:

    ROOT/<class>/…                  the program splits
    ROOT/train/<class>/…            the given splits are kept; a missing val or test is carved from train
    ROOT/val/<class>/…              (also training, valid, validation, testing; in upper or lower case)
    ROOT/test/<class>/…
"""

from __future__ import annotations

import os
from collections import Counter
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
    """The split its folder says, if it says one."""


@dataclass(frozen=True, slots=True)
class Index:
    """All pictures of a root, ordered by the bytes of their paths."""

    root: Path
    pictures: tuple[Picture, ...]
    class_folders: tuple[tuple[Split | None, str], ...]
    """Every class folder, empty ones included."""
    unusable: tuple[Unreadable, ...]
    left_out: tuple[str, ...]
    """What was found and is not part of the dataset, in words."""

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted({name for _, name in self.class_folders}, key=os.fsencode))


def index_pictures(root: Path) -> Index:
    """Find the pictures below `root`.

    Raises DataError when `root` is no readable folder, holds no class folders, mixes both layouts or holds a symbolic
    link to a folder.
    """
    _check_root(root)
    top = list_folder(root, "")
    if not top.folders:
        _refuse_without_folders(root, top)
    given = _given_splits(root, top.folders)
    if given is None:
        return _index_classes(root, {None: top}, top)
    return _index_classes(root, given, top)


def _check_root(root: Path) -> None:
    if not os.path.lexists(root):
        raise DataError(f"data.root={root} does not exist", "name an existing folder: data.root=DIR")
    if not root.is_dir():
        raise DataError(f"data.root={root} is not a folder", EXPECTED_LAYOUT)


def _refuse_without_folders(root: Path, top: Listing) -> None:
    if not (top.pictures or top.others or top.unusable):
        raise DataError(f"data.root={root} is empty", EXPECTED_LAYOUT)
    found = len(top.pictures) + len(top.others) + len(top.unusable)
    raise DataError(f"data.root={root} holds {found} files but no class folders", EXPECTED_LAYOUT)


def _given_splits(root: Path, folders: list[str]) -> dict[Split | None, Listing] | None:
    """The listing of each split's folder, or None where the folders of `root` are the classes."""
    named: dict[Split, list[str]] = {}
    for name in folders:
        if (split := SPLIT_FOLDERS.get(name.lower())) is not None:
            named.setdefault(split, []).append(name)
    if Split.train not in named:
        _refuse_without_train(root, folders, named)
        return None
    listings: dict[Split | None, Listing] = {}
    for split, names in named.items():
        if len(names) > 1:
            raise DataError(f"data.root={root} holds both {names[0]}/ and {names[1]}/", "keep one of them")
        listings[split] = list_folder(root, names[0])
    if not listings[Split.train].folders:
        return None
    beside = [name for name in folders if name.lower() not in SPLIT_FOLDERS]
    if beside:
        raise DataError(
            f"data.root={root} holds train/ with folders in it, and beside it {beside[0]}/",
            "either all folders are classes, or all are splits (train, val, test) that hold the classes",
        )
    return listings


def _refuse_without_train(root: Path, folders: list[str], named: dict[Split, list[str]]) -> None:
    """Folders called val and test with folders in them are surely not the classes."""
    only_splits = len(folders) == sum(map(len, named.values()))
    if only_splits and any(list_folder(root, name).folders for name in folders):
        raise DataError(f"data.root={root} holds {folders[0]}/ but no train/", "put train/ beside it")


def _index_classes(root: Path, listings: dict[Split | None, Listing], top: Listing) -> Index:
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
            unusable += tree.unusable
            others += tree.others
    pictures.sort(key=lambda picture: os.fsencode(picture.path))
    strays = {file.path for listing in [top, *listings.values()] for file in listing.pictures}
    return Index(root, tuple(pictures), tuple(class_folders), tuple(unusable), tuple(_left_out(others, strays, listings)))


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
