"""Every trial is trained to its end in one job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sweep.journal.history import History
from sweep.search.openings import NextJob, Openings


@dataclass(frozen=True, slots=True)
class Full:
    openings: Openings

    def next(self, history: History) -> NextJob | None:
        """What was begun, then a new trial: its first rung is its end."""
        return self.openings.first_affordable(history, self._candidates(history))

    def _candidates(self, history: History) -> Iterator[NextJob]:
        yield from self.openings.begun(history)
        if job := self.openings.new_trial(history):
            yield job
