"""Which pictures show the same, so that they share a split; and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sweep.data.cache import PictureCache
from sweep.data.index import Picture, Split
from sweep.data.near_duplicates import NearDuplicates, find_near_duplicates, make_thumbnails

SHOWN = 3
"""Pairs in a notice."""


Pairs = list[tuple[Picture, Picture]]


@dataclass(frozen=True, slots=True)
class Copies:
    """What was found among the pictures of a dataset."""

    contents: Mapping[str, str]
    """Path → a name for what the picture shows: the lowest SHA-256 of all that show it in this class and given split."""
    notices: tuple[str, ...]
    equal_across: Pairs
    """Of one class and in two given splits: for each picture whose very bytes an earlier one holds, that one and it."""
    near_across: Pairs
    """The same for pictures that were re-encoded or resized."""


def find_copies(pictures: Sequence[Picture], cache: PictureCache, *, near_duplicates: bool) -> Copies:
    """Finds exact copies among `pictures`, and with `near_duplicates` those that were re-encoded or resized too.

    Equal pictures must be of one class. Near duplicates under two classes stay apart, and are said.
    """
    manifest = cache.manifest
    first_of: dict[tuple[str, Split | None], Picture] = {}
    for picture in pictures:
        first_of.setdefault((manifest[picture.path], picture.given), picture)
    distinct = list(first_of.values())
    exact = [picture for picture in pictures if first_of[manifest[picture.path], picture.given] is not picture]
    equal = _equal_across(distinct, manifest)
    if not near_duplicates:
        return Copies({picture.path: manifest[picture.path] for picture in pictures}, _say_copies(exact, []), equal, [])
    found = _find_near(distinct, cache)
    groups = _grouped(distinct, found)
    names = {picture.path: min(manifest[one.path] for one in group) for group in groups for picture in group}
    known = {picture.path for _, picture in equal}
    return Copies(
        {picture.path: names[first_of[manifest[picture.path], picture.given].path] for picture in pictures},
        (
            *_say_copies(exact, [(first, other) for first, *others in groups for other in others]),
            *_say_two_classes(_pairs(distinct, found.partners)),
        ),
        equal,
        [pair for pair in _pairs(distinct, found.relatives) if pair[1].path not in known],
    )


def _equal_across(distinct: Sequence[Picture], manifest: Mapping[str, str]) -> Pairs:
    seen: dict[str, Picture] = {}
    pairs = [(seen.setdefault(manifest[picture.path], picture), picture) for picture in distinct]
    return [(first, other) for first, other in pairs if first is not other]


def _find_near(distinct: Sequence[Picture], cache: PictureCache) -> NearDuplicates:
    rows = {path: row for row, path in enumerate(cache.paths)}
    thumbnails = make_thumbnails(cache.pictures, np.array([rows[picture.path] for picture in distinct], np.int64))
    kinds = _numbered((picture.class_name, picture.given) for picture in distinct)
    return find_near_duplicates(thumbnails, kinds, _numbered(picture.class_name for picture in distinct))


def _numbered(things: Iterable[object]) -> NDArray[np.int64]:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(thing, len(numbers)) for thing in things], np.int64)


def _grouped(distinct: Sequence[Picture], found: NearDuplicates) -> list[list[Picture]]:
    groups: dict[int, list[Picture]] = {}
    for picture, group in zip(distinct, found.groups.tolist(), strict=True):
        groups.setdefault(group, []).append(picture)
    return list(groups.values())


def _pairs(distinct: Sequence[Picture], partners: NDArray[np.int64]) -> Pairs:
    return [(distinct[other], picture) for picture, other in zip(distinct, partners.tolist(), strict=True) if other >= 0]


def _say_copies(exact: Sequence[Picture], near: Pairs) -> tuple[str, ...]:
    said = []
    if exact:
        said.append(f"{len(exact)} exact (for example {exact[0].path})")
    if near:
        said.append(f"{len(near)} re-encoded or resized ({_examples(near)})")
    return (f"copies of other pictures: {', '.join(said)}; copies share a split",) if said else ()


def _say_two_classes(pairs: Pairs) -> tuple[str, ...]:
    if not pairs:
        return ()
    return (f"nearly the same picture under two classes, {len(pairs)} times: {_examples(pairs)}; is a label wrong?",)


def _examples(pairs: Pairs) -> str:
    return "; ".join(map(name_pair, pairs[:SHOWN])) + ("; …" if len(pairs) > SHOWN else "")


def name_pair(pair: tuple[Picture, Picture]) -> str:
    return " and ".join(sorted(picture.path for picture in pair))
