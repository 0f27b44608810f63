"""At most so many pictures of each class, the same ones whatever other classes there are."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from sweep.config.seeds import derive_seed
from sweep.data.index import Picture, Split
from sweep.data.split import allocate


def choose_subset(pictures: Sequence[Picture], manifest: Mapping[str, str], max_per_class: int, seed: int) -> list[Picture]:
    """At most `max_per_class` of the `pictures` of each class, in their order.

    The choice depends on `seed` and the bytes of the class's own pictures (`manifest`: path → SHA-256); an exact copy is
    chosen only when every other picture is. Splits that are given keep their shares of the class.
    """
    stream = derive_seed(seed, "subset")
    classes: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        classes[picture.class_name].append(picture)
    chosen = {
        picture.path
        for group in classes.values()
        for picture in (group if len(group) <= max_per_class else _choose(group, manifest, max_per_class, stream))
    }
    return [picture for picture in pictures if picture.path in chosen]


def _choose(group: Sequence[Picture], manifest: Mapping[str, str], count: int, stream: int) -> list[Picture]:
    drawn: dict[Split, list[Picture]] = defaultdict(list)
    for picture in sorted(group, key=_draw_order(group, manifest, stream).__getitem__):
        drawn[picture.given or Split.train].append(picture)
    others = [split for split in (Split.val, Split.test) if split in drawn]  # in the order in which few pictures go to them
    counts = allocate(count, {split: len(drawn[split]) / len(group) for split in others})
    return [picture for split, some in drawn.items() for picture in some[: counts[split]]]


def _draw_order(group: Sequence[Picture], manifest: Mapping[str, str], stream: int) -> dict[Picture, tuple[int, bytes]]:
    """What to sort pictures by: distinct ones first, then second copies, and so on, each time by lot."""
    copies: Counter[str] = Counter()
    order = {}
    for picture in sorted(group, key=lambda picture: os.fsencode(picture.path)):
        sha256 = manifest[picture.path]
        order[picture] = (copies[sha256], hashlib.sha256(f"{stream}:{sha256}".encode()).digest())
        copies[sha256] += 1
    return order
