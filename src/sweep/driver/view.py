"""What the driver tells whoever watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sweep.config import BudgetConfig
from sweep.journal.history import History


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a sweep stands right now."""

    history: History
    budget: BudgetConfig
    capacity: int
    """Jobs that can run at once."""
    undelivered: Mapping[str, int]
    """Events that a mirror's store has not taken yet, by mirror; only those that are behind because of an error."""


class View(Protocol):
    def notice(self, text: str) -> None:
        """Something the user should know: one line."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Work that precedes the trials: drawing, decoding."""

    def opened(self, history: History, folder: Path, is_new: bool) -> None:
        """A study was opened or is continued."""

    def update(self, standing: Standing) -> None:
        """Something happened in the study."""
