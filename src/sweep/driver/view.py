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
    """Events that a mirror's store refuses, by the mirror's name and what is wrong with it."""


class View(Protocol):
    def notice(self, text: str) -> None:
        """Something the user should know: one line."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Work beside the trials, with its name (`decoding`): called for every `done` from 1 to `total`."""

    def opened(self, history: History, folder: Path, is_new: bool) -> None:
        """A study was opened or is continued."""

    def update(self, standing: Standing) -> None:
        """Something happened in the study."""
