"""Pictures that could not be used, and how the program speaks of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep.errors import DataError, printable
from sweep.journal.files import write_atomic

SHOWN = 10  # by name in a message; the rest is in the complete list


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture of the index that has no place in the dataset."""

    path: str
    """Relative to the dataset's root."""
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.reason})"


class UnreadablePicture(Exception):
    """One picture cannot be decoded; its text is the reason."""


def write_complete_list(unreadable: Sequence[Unreadable], path: Path) -> None:
    """One line per picture, whatever characters its name holds."""
    write_atomic(path, "".join(f"{printable(str(one))}\n" for one in unreadable))


def describe_unreadable(unreadable: Sequence[Unreadable], complete_list: Path) -> str:
    """How many there are, the first of them by name, and where all of them stand."""
    noun = "picture" if len(unreadable) == 1 else "pictures"
    text = f"{len(unreadable)} unreadable {noun}: {', '.join(map(str, unreadable[:SHOWN]))}"
    return text if len(unreadable) <= SHOWN else f"{text}, … (complete list: {complete_list})"


def refuse_unreadable(unreadable: Sequence[Unreadable], complete_list: Path) -> DataError:
    """The error for a dataset that must be whole."""
    return DataError(
        describe_unreadable(unreadable, complete_list),
        "repair or remove them, or leave them out with data.on_unreadable=skip",
    )
