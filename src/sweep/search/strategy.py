"""The strategy: from history to the next job. A pure function, so a sweep that was killed goes on as if it had not been."""

from __future__ import annotations

from typing import Protocol

from sweep.config import BudgetConfig, SearchConfig, StrategyName
from sweep.config.space import Space, Value
from sweep.journal.history import History
from sweep.search.asha import Asha
from sweep.search.full import Full
from sweep.search.openings import NextJob, Openings
from sweep.search.rungs import rungs_for

__all__ = ["NextJob", "Strategy", "make_strategy", "rungs_for"]


class Strategy(Protocol):
    """Decides what a free worker does next."""

    def next(self, history: History) -> NextJob | None:
        """The next job; None when there is nothing to start now. If no trial is running then, the study is over."""


def make_strategy(search: SearchConfig, budget: BudgetConfig, space: Space, baseline: dict[str, Value], epochs: int) -> Strategy:
    """The strategy that `search` names. `epochs` is a trial's length where the space does not search it."""
    openings = Openings(search, budget, space, baseline, epochs)
    return Full(openings) if search.strategy is StrategyName.full else Asha(openings)
