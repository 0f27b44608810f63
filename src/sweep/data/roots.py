"""Several folders of class folders as one dataset: classes of the same name are one class.

A picture's path begins with its root's name, as in `photos/roses/1.jpg`, and with as many of the folders above it as tell
the roots apart. So paths are distinct, say where a picture lies, and stay the same when the folders are moved together.
The common parent would not do: it is `/` where the roots lie on two disks, and then any move changes every path.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from sweep.data.index import Index, index_pictures
from sweep.errors import DataError


def index_roots(root: Path, extra_roots: Sequence[Path]) -> Index:
    """Find the pictures below `root` and all `extra_roots`, absolute folders with symbolic links resolved.

    Raises DataError for whatever `index_pictures` refuses, for roots that are equal or lie in one another, and where some
    hold train/val/test and some do not.
    """
    if not extra_roots:
        return index_pictures(root)
    roots = (root, *extra_roots)
    for one, other in combinations(roots, 2):
        _refuse_overlap(one, other)
    indexes = [index_pictures(root), *(index_pictures(extra, "data.extra_roots") for extra in extra_roots)]
    _refuse_mixture(indexes)
    beginnings = _beginnings(roots)
    return _merged([_below(index, start) for index, start in zip(indexes, beginnings, strict=True)])


def _refuse_overlap(one: Path, other: Path) -> None:
    if one == other:
        raise DataError(f"data.extra_roots: {one} is named twice", "name every folder once")
    for outer, inner in ((one, other), (other, one)):
        if outer in inner.parents:
            raise DataError(f"data.extra_roots: {inner} lies inside {outer}", "name folders that lie side by side")


def _refuse_mixture(indexes: Sequence[Index]) -> None:
    has_splits = {any(split is not None for split, _ in index.class_folders): index.origin for index in indexes}
    if len(has_splits) == 2:
        raise DataError(
            f"{has_splits[True]} holds train/val/test folders, {has_splits[False]} holds classes",
            "all roots must be laid out alike",
        )


def _beginnings(roots: Sequence[Path]) -> list[str]:
    """For each root the end of its path, by as many folders as make all of them different."""
    parts = [root.parts for root in roots]
    count = next(n for n in range(1, max(map(len, parts)) + 1) if len({one[-n:] for one in parts}) == len(parts))
    return ["".join(f"{folder}/" for folder in one[-count:]) for one in parts]


def _below(index: Index, start: str) -> Index:
    """`index` with every path beginning with `start`."""
    return replace(
        index,
        roots={start + beginning: root for beginning, root in index.roots.items()},
        pictures=tuple(replace(picture, path=start + picture.path) for picture in index.pictures),
        unusable=tuple(replace(one, path=start + one.path) for one in index.unusable),
        left_out=tuple(f"{start}: {said}" for said in index.left_out),
    )


def _merged(indexes: Sequence[Index]) -> Index:
    roots: Mapping[str, Path] = {start: root for index in indexes for start, root in index.roots.items()}
    pictures = [picture for index in indexes for picture in index.pictures]
    return Index(
        origin=" and ".join(index.origin for index in indexes),
        roots=roots,
        pictures=tuple(sorted(pictures, key=lambda picture: os.fsencode(picture.path))),
        class_folders=tuple(dict.fromkeys(folder for index in indexes for folder in index.class_folders)),
        unusable=tuple(one for index in indexes for one in index.unusable),
        left_out=tuple(said for index in indexes for said in index.left_out),
    )
