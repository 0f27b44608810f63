"""How long a sweep will still take, from the epochs it probably has left and the seconds they took so far."""

from __future__ import annotations

from statistics import mean, median

from sweep.config import BudgetConfig, StrategyName
from sweep.driver.view import Standing
from sweep.journal.history import History, Trial, TrialState

RECENT_EPOCHS = 50
"""Seconds per epoch are the median of this many: trials differ in batch size, and machines in load."""


def seconds_left(standing: Standing) -> float | None:
    """Wall seconds until the first of the budgets is spent; None before the first epoch was measured."""
    history, budget = standing.history, standing.budget
    recent = _recent_epoch_seconds(history)
    if not recent:
        return None
    running = [trial for trial in history.trials.values() if trial.state is TrialState.running]
    # One trial's epochs follow each other, however many workers there are.
    longest = max((trial.target_epoch - trial.epochs_done for trial in running), default=0)
    seconds = median(recent) * max(epochs_left(history, budget) / standing.capacity, longest)
    if budget.hours is None:
        return seconds
    return min(seconds, max(0.0, budget.hours - history.hours_spent) * 3600)


def epochs_left(history: History, budget: BudgetConfig) -> float:
    """Epochs that the trials so far and those still to come will probably be trained, as far as the budget of epochs goes.

    Under asha a share 1/reduction_factor of the trials at each rung goes on to the next.
    """
    search = history.opened.config["search"]
    keep = 1.0 if search["strategy"] == StrategyName.full else 1 / search["reduction_factor"]
    trials = list(history.trials.values())
    if not trials:
        return 0.0
    to_come = max(0, budget.trials - len(trials)) * mean(_expected_epochs(trial, 0, keep) for trial in trials)
    left = to_come + sum(_expected_rest(trial, keep) for trial in trials)
    return left if budget.epochs is None else min(left, max(0, budget.epochs - history.epochs_trained))


def _expected_rest(trial: Trial, keep: float) -> float:
    if trial.state.is_finished:
        return 0.0
    if trial.state is TrialState.paused:
        return keep * _expected_epochs(trial, len(trial.rungs_passed), keep)
    target = max(trial.target_epoch, trial.rungs[0])
    passed = sum(rung <= target for rung in trial.rungs)
    return target - trial.epochs_done + keep * _expected_epochs(trial, passed, keep)


def _expected_epochs(trial: Trial, from_rung: int, keep: float) -> float:
    """Epochs from rung number `from_rung` on, each later rung being reached by a share `keep` of those before it."""
    ends = [0, *trial.rungs]
    steps = [ends[rung + 1] - ends[rung] for rung in range(from_rung, len(trial.rungs))]
    return sum(step * keep**later for later, step in enumerate(steps))


def _recent_epoch_seconds(history: History) -> list[float]:
    reports = [report for trial in history.trials.values() for report in trial.reports.values()]
    reports.sort(key=lambda report: report.time)
    return [report.timings["epoch_s"] for report in reports[-RECENT_EPOCHS:]]
