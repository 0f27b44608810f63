"""What of a study's budget is spent, over every time it was started."""

from __future__ import annotations

from sweep.config import BudgetConfig
from sweep.journal.history import History


def budget_of(history: History, budget: BudgetConfig) -> str:
    """The budget in words: what of it is spent."""
    parts = [f"{len(history.trials)} of {budget.trials} trials"]
    if budget.epochs is not None:
        parts.append(f"{history.epochs_trained} of {budget.epochs} epochs")
    if budget.hours is not None:
        parts.append(f"{history.hours_spent:.2f} of {budget.hours:g} hours")
    return ", ".join(parts)


def hours_are_spent(history: History, budget: BudgetConfig) -> bool:
    return budget.hours is not None and history.hours_spent >= budget.hours
