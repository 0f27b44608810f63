"""Which picture is for training, validation or test: by class, by content, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweep.config.seeds import derive_seed
from sweep.data.index import Picture, Split


@dataclass(frozen=True, slots=True)
class Fractions:
    """Shares of the distinct pictures of a class."""

    val: float
    test: float


def split_pictures(
    pictures: Sequence[Picture], manifest: Mapping[str, str], fractions: Fractions, seed: int
) -> tuple[Split, ...]:
    """The split of each picture.

    Given splits are kept; a validation or test split that nobody gave is carved, class by class, from the rest. Pictures
    with the same bytes (`manifest`: path → SHA-256) go together. Where a picture goes depends on its bytes, its class's
    other pictures and `seed`, and not on names or order. Every class keeps one distinct picture for training, and has
    one for validation from two and one for test from three pictures on.
    """
    given = {picture.given for picture in pictures}
    wanted = {split: share for split, share in ((Split.val, fractions.val), (Split.test, fractions.test)) if split not in given}
    contents: dict[str, set[str]] = {}
    for picture in pictures:
        if picture.given in (None, Split.train):
            contents.setdefault(picture.class_name, set()).add(manifest[picture.path])
    drawn = {sha256: split for group in contents.values() for sha256, split in _split_class(group, wanted, seed).items()}
    return tuple(
        picture.given if picture.given not in (None, Split.train) else drawn[manifest[picture.path]] for picture in pictures
    )


def _split_class(contents: set[str], wanted: Mapping[Split, float], seed: int) -> dict[str, Split]:
    stream = derive_seed(seed, "split")
    shuffled = sorted(contents, key=lambda sha256: hashlib.sha256(f"{stream}:{sha256}".encode()).digest())
    counts = allocate(len(shuffled), wanted)
    splits = [split for split, count in counts.items() for _ in range(count)]
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
