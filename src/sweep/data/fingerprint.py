"""A dataset's identity, and what changed when it is no longer the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SHOWN = 5  # names of each kind


def fingerprint(pictures: Iterable[tuple[str, str, str, str]]) -> str:
    """A hash of (path, class, SHA-256, split) of every picture, in whatever order; 64 hexadecimal digits."""
    # Zero bytes end the fields, as no file's name can hold one.
    lines = sorted(b"".join(os.fsencode(part) + b"\0" for part in picture) for picture in pictures)
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """How the files of a dataset differ from what they were; each tuple in order of path."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        kinds = (("changed", self.changed), ("added", self.added), ("removed", self.removed))
        return "; ".join(f"{len(paths)} {kind}: {_first(paths)}" for kind, paths in kinds if paths)


def changed_files(old: Mapping[str, str], new: Mapping[str, str]) -> ChangedFiles:
    """The difference between two manifests (path → SHA-256)."""
    return ChangedFiles(
        added=_ordered(new.keys() - old.keys()),
        removed=_ordered(old.keys() - new.keys()),
        changed=_ordered({path for path in old.keys() & new.keys() if old[path] != new[path]}),
    )


def _ordered(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(paths, key=os.fsencode))


def _first(paths: tuple[str, ...]) -> str:
    return ", ".join(paths[:SHOWN]) + (", …" if len(paths) > SHOWN else "")
