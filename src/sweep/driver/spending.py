"""What of a study's budget is spent, over every time it was started."""

from __future__ import annotations

from sweep.config import BudgetConfig
from sweep.journal.history import History


def hours_are_spent(history: History, budget: BudgetConfig) -> bool:
    return budget.hours is not None and history.hours_spent >= budget.hours
