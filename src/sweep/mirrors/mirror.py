"""What a mirror is: a projection of the journal into a store of its own, from a cursor of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from sweep.journal.events import StudyOpened
from sweep.journal.journal import Entry


class Mirror(Protocol):
    """A store that shows the journal. It can be rebuilt at any time, and a replay changes nothing in it."""

    name: str
    """As shown to people."""
    cursor: int
    """The `seq` of the next entry to project; 0 until the store was first opened."""

    def catch_up(self, entries: Sequence[Entry]) -> None:
        """Projects `entries[cursor:]`, `entries` being the journal from its start.

        Raises TrackingError when the store cannot be reached; what was projected before stays counted in `cursor`, and
        the next call goes on from there.
        """

    def abandon(self) -> None:
        """Called from another thread while `catch_up` hangs: when its call to the store returns, it raises and does no more.

        Somebody else may have the study in hand by then.
        """

    def close(self) -> None:
        """Gives the store back. A later `catch_up` opens it again."""


def study_uid(first: Entry) -> str:
    """Names one study for good: two folders may hold studies of one name, opened at different times."""
    assert isinstance(first.event, StudyOpened)
    return hashlib.sha256(f"{first.event.study}@{first.time:.3f}".encode()).hexdigest()[:16]
