"""Whether an index of pictures can be learned from; what cannot is refused with the names of what is wrong."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sweep.data.copies import Copies, name_pair
from sweep.data.index import Index, Picture, Split
from sweep.errors import DataError, printable
from sweep.journal.files import write_atomic

SHOWN = 5


def check_classes(index: Index, *, has_folds: bool = False) -> None:
    """Refuse, before any file is opened, what the names of the folders and files show already.

    Raises DataError for classes that differ only by case, a single class, an empty class, a class of one picture, a
    class that the train split does not have, and for folds where validation is given.
    """
    _check_names(index.classes)
    if len(index.classes) < 2:
        _refuse_single_class(index)
    _check_given_classes(index)
    if has_folds and any(split is Split.val for split, _ in index.class_folders):
        raise DataError(
            f"data.folds cuts validation out of the training pictures, but {index.origin} gives a validation split",
            "leave out data.folds, or give train and test only",
        )
    filled = {(picture.given, picture.class_name) for picture in index.pictures}
    for split, name in index.class_folders:
        if (split, name) not in filled:
            raise DataError(f"class folder {_folder(split, name)} holds no pictures", "put pictures into it or remove it")
    _check_enough(index.classes, index.pictures, {picture.path: picture.path for picture in index.pictures}, "")


def check_contents(classes: Sequence[str], pictures: Sequence[Picture], manifest: Mapping[str, str]) -> None:
    """Refuse what the readable `pictures` show by their bytes (`manifest`: path → SHA-256).

    Raises DataError for equal pictures under two classes, and for a class that is left with too few distinct pictures.
    """
    copies: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        copies[manifest[picture.path]].append(picture)
    _refuse_two_classes(copies.values())
    _check_enough(classes, pictures, manifest, "")


def check_copies(classes: Sequence[str], pictures: Sequence[Picture], contents: Mapping[str, str]) -> None:
    """Refuse a class whose pictures are nearly all the same one (`contents`: path → a name for what is shown)."""
    remedy = ", or take re-encoded and resized copies for different pictures: data.near_duplicates=false"
    _check_enough(classes, pictures, contents, remedy)


def describe_across_splits(copies: Copies, complete_list: Path) -> str:
    """How many pictures of one given split are in another, the first of them by name, and where all of them stand."""
    pairs = [*map(name_pair, copies.equal_across), *map(name_pair, copies.near_across)]
    text = (
        f"the same picture in two given splits, {len(pairs)} times "
        f"({len(copies.equal_across)} exact, {len(copies.near_across)} re-encoded or resized): {'; '.join(pairs[:SHOWN])}"
    )
    if len(pairs) <= SHOWN:
        return text
    write_atomic(complete_list, "".join(f"{printable(pair)}\n" for pair in pairs))
    return f"{text}; … (complete list: {complete_list})"


def _check_names(classes: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for name in classes:
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in seen:
            raise DataError(
                f"classes {seen[folded]!r} and {name!r} differ only by case or accents' encoding", "rename or merge one"
            )
        seen[folded] = name


def _refuse_single_class(index: Index) -> None:
    (only,) = index.classes
    # os.path asks without raising: a label of a labels file may be longer than a name on disk.
    folders = [root / only for root in index.roots.values() if os.path.isdir(root / only)]
    hint = f"; if the class folders lie inside it: data.root={folders[0]}" if folders else ""
    raise DataError(f"{index.origin} holds one class only: {only}", f"two are needed{hint}")


def _check_given_classes(index: Index) -> None:
    """A class must be in train, and in val where that is given: results for it would otherwise mean nothing."""
    by_split: dict[Split | None, set[str]] = defaultdict(set)
    for split, name in index.class_folders:
        by_split[split].add(name)
    if Split.train not in by_split:
        return
    for split in (Split.val, Split.test):
        if only_here := by_split[split] - by_split[Split.train]:
            raise DataError(f"class {_first(only_here)} appears only in {split}", "train must hold every class")
    if by_split[Split.val] and (missing := by_split[Split.train] - by_split[Split.val]):
        raise DataError(
            f"class {_first(missing)} is in train but not in {Split.val}",
            f"add pictures of it there, or give no {Split.val} to have it carved from train",
        )


def _check_enough(classes: Sequence[str], pictures: Sequence[Picture], contents: Mapping[str, str], remedy: str) -> None:
    """Two distinct pictures per class: one to learn from and one to validate with, unless that one is given."""
    to_split: dict[str, set[str]] = {name: set() for name in classes}
    given_for_val = {picture.class_name for picture in pictures if picture.given is Split.val}
    for picture in pictures:
        if picture.given in (None, Split.train):
            to_split[picture.class_name].add(contents[picture.path])
    for name in classes:
        count, needed = len(to_split[name]), 1 if name in given_for_val else 2
        if count < needed:
            raise DataError(
                f"class {name!r} has {count} distinct readable {'picture' if count == 1 else 'pictures'} to train with",
                "every class needs at least one for training and another one for validation: "
                f"add pictures or remove the class{remedy}",
            )


def _refuse_two_classes(groups: Iterable[Sequence[Picture]]) -> None:
    """Equal pictures must be of one class."""
    clashes = []
    for first, *others in groups:
        clashes += [(first, other) for other in others if other.class_name != first.class_name][:1]
    if clashes:
        shown = "; ".join(f"{first.path} and {other.path}" for first, other in clashes[:SHOWN])
        more = "; …" if len(clashes) > SHOWN else ""
        raise DataError(f"the same picture under two classes, {len(clashes)} times: {shown}{more}", "remove one of each")


def _folder(split: Split | None, name: str) -> str:
    return f"{split}/{name}" if split else name


def _first(names: set[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names, key=os.fsencode)[:SHOWN])
