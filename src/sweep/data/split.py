"""Which picture is for training, validation or test: by class, by content, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweep.config.seeds import derive_seed
from sweep.data.index import Picture, Split
from sweep.errors import DataError


@dataclass(frozen=True, slots=True)
class Fractions:
    """Shares of the distinct pictures of a class."""

    val: float
    test: float


@dataclass(frozen=True, slots=True)
class Fold:
    """One of `count` equal parts of what is not for the test, which validates while the others train."""

    number: int
    """From 0."""
    count: int


def split_pictures(
    pictures: Sequence[Picture], contents: Mapping[str, str], fractions: Fractions, seed: int, fold: Fold | None = None
) -> tuple[Split, ...]:
    """The split of each picture.

    Given splits are kept; a validation or test split that nobody gave is carved, class by class, from the rest. Pictures
    that show the same (`contents`: path → a name for what is shown, of one class) go together. Where a picture goes
    depends on what it shows, its class's other pictures and `seed`, and not on names or order. Every class keeps one
    distinct picture for training, and has one for validation from two and one for test from three pictures on.

    With `fold` the test split is the one that there is without, whatever the fold; no validation split may be given.
    Raises DataError for a class with fewer distinct pictures than folds.
    """
    given = {picture.given for picture in pictures}
    wanted = {split: share for split, share in ((Split.val, fractions.val), (Split.test, fractions.test)) if split not in given}
    classes: dict[str, set[str]] = {}
    for picture in pictures:
        if picture.given in (None, Split.train):
            classes.setdefault(picture.class_name, set()).add(contents[picture.path])
    drawn: dict[str, Split] = {}
    for class_name, shown in classes.items():
        drawn |= _split_class(class_name, shown, wanted, seed, fold)
    return tuple(
        picture.given if picture.given not in (None, Split.train) else drawn[contents[picture.path]] for picture in pictures
    )


def _split_class(
    class_name: str, shown: set[str], wanted: Mapping[Split, float], seed: int, fold: Fold | None
) -> dict[str, Split]:
    stream = derive_seed(seed, "split")
    lots = {one: hashlib.sha256(f"{stream}:{one}".encode()).digest() for one in shown}
    shuffled = sorted(shown, key=lots.__getitem__)
    counts = allocate(len(shuffled), wanted)
    splits = [split for split, count in counts.items() for _ in range(count)]
    if fold is not None:
        rest = len(shuffled) - counts.get(Split.test, 0)
        if rest < fold.count:
            raise DataError(
                f"class {class_name!r} has {rest} distinct pictures beside the test split, too few for data.folds={fold.count}",
                f"give data.folds={rest} at most, or add pictures of the class" if rest > 1 else "add pictures of the class",
            )
        # Classes begin with folds of their own: if all began with fold 0, it would have most pictures.
        begin = lots[shuffled[0]][-1]
        splits[:rest] = [Split.val if (begin + place) % fold.count == fold.number else Split.train for place in range(rest)]
    return dict(zip(shuffled, splits, strict=True))


def allocate(total: int, wanted: Mapping[Split, float]) -> dict[Split, int]:
    """How many of `total` pictures go to train and to each split of `wanted` (split → share), by largest remainders.

    A split that would get none is given one of the largest, as long as that keeps one itself; train comes first.
    """
    shares = {Split.train: 1 - sum(wanted.values()), **wanted}
    counts = {split: int(total * share) for split, share in shares.items()}
    by_remainder = sorted(shares, key=lambda split: counts[split] - total * shares[split])
    for split in by_remainder[: total - sum(counts.values())]:
        counts[split] += 1
    for split in counts:
        largest = max(counts, key=lambda one: counts[one])
        if counts[split] == 0 and counts[largest] > 1:
            counts[largest] -= 1
            counts[split] += 1
    return counts
