"""Which pictures show the same, so that they share a split; and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sweep.data.cache import PictureCache
from sweep.data.index import Picture
from sweep.data.near_duplicates import NearDuplicates, find_near_duplicates, make_thumbnails

SHOWN = 3
"""Pairs in a notice."""


@dataclass(frozen=True, slots=True)
class Copies:
    """What was found among the pictures of a dataset."""

    contents: Mapping[str, str]
    """Path → a name for what the picture shows: the lowest SHA-256 of all that show it in this class and given split."""
    notices: tuple[str, ...]


def find_copies(pictures: Sequence[Picture], cache: PictureCache, *, near_duplicates: bool) -> Copies:
    """Finds exact copies among `pictures`, and with `near_duplicates` those that were re-encoded or resized too.

    Equal pictures must be of one class and one given split. Near duplicates across those stay apart, and are said.
    """
    manifest = cache.manifest
    distinct: dict[str, Picture] = {}
    for picture in pictures:
        distinct.setdefault(manifest[picture.path], picture)
    exact = [picture for picture in pictures if distinct[manifest[picture.path]] is not picture]
    if not near_duplicates:
        return Copies({picture.path: manifest[picture.path] for picture in pictures}, _say_copies(exact, []))
    found = _find_near(list(distinct.values()), cache)
    members: dict[int, list[str]] = {}
    for sha256, group in zip(distinct, found.groups.tolist(), strict=True):
        members.setdefault(group, []).append(sha256)
    shown = {sha256: min(group) for group in members.values() for sha256 in group}
    near = [(distinct[first], distinct[other]) for first, *others in members.values() for other in others]
    contents = {picture.path: shown[manifest[picture.path]] for picture in pictures}
    return Copies(contents, (*_say_copies(exact, near), *_say_across(list(distinct.values()), found)))


def _find_near(distinct: Sequence[Picture], cache: PictureCache) -> NearDuplicates:
    rows = {path: row for row, path in enumerate(cache.paths)}
    kinds: dict[tuple[object, ...], int] = {}
    numbers = [kinds.setdefault((picture.class_name, picture.given), len(kinds)) for picture in distinct]
    thumbnails = make_thumbnails(cache.pictures, np.array([rows[picture.path] for picture in distinct], np.int64))
    return find_near_duplicates(thumbnails, np.array(numbers, np.int64))


def _say_copies(exact: Sequence[Picture], near: Sequence[tuple[Picture, Picture]]) -> tuple[str, ...]:
    said = []
    if exact:
        said.append(f"{len(exact)} exact (for example {exact[0].path})")
    if near:
        said.append(f"{len(near)} re-encoded or resized ({_examples(near)})")
    return (f"copies of other pictures: {', '.join(said)}; copies share a split",) if said else ()


def _say_across(distinct: Sequence[Picture], found: NearDuplicates) -> tuple[str, ...]:
    pairs = [(distinct[other], picture) for picture, other in zip(distinct, found.partners.tolist(), strict=True) if other >= 0]
    classes = [pair for pair in pairs if pair[0].class_name != pair[1].class_name]
    splits = [pair for pair in pairs if pair[0].class_name == pair[1].class_name]
    said = []
    if classes:
        said.append(f"nearly the same picture under two classes, {len(classes)} times: {_examples(classes)}; is a label wrong?")
    if splits:
        said.append(f"nearly the same picture in two given splits, {len(splits)} times: {_examples(splits)}; scores will flatter")
    return tuple(said)


def _examples(pairs: Sequence[tuple[Picture, Picture]]) -> str:
    shown = "; ".join(" and ".join(sorted(picture.path for picture in pair)) for pair in pairs[:SHOWN])
    return shown + ("; …" if len(pairs) > SHOWN else "")
