"""How long a sweep will still take, from the epochs it probably has left and the seconds they took so far."""

from __future__ import annotations

from statistics import median

from sweep.config import StrategyName
from sweep.driver.view import Standing
from sweep.journal.history import History, Trial, TrialState

RECENT_EPOCHS = 50
"""Seconds per epoch are the median of this many: trials differ in batch size, and machines in load."""


def seconds_left(standing: Standing) -> float | None:
    """Wall seconds until the budget is spent; None before the first epoch was measured."""
    recent = _recent_epoch_seconds(standing.history)
    if not recent:
        return None
    return epochs_left(standing.history, standing.budget.trials) * median(recent) / standing.capacity


def epochs_left(history: History, budget_trials: int) -> float:
    """Epochs that the trials so far and those still to come will probably be trained.

    Under asha a share 1/reduction_factor of the trials at each rung goes on to the next.
    """
    search = history.opened.config["search"]
    keep = 1.0 if search["strategy"] == StrategyName.full else 1 / search["reduction_factor"]
    trials = list(history.trials.values())
    if not trials:
        return 0.0
    typical = trials[-1]
    to_come = max(0, budget_trials - len(trials)) * _expected_epochs(typical, 0, keep)
    return to_come + sum(_expected_rest(trial, keep) for trial in trials)


def _expected_rest(trial: Trial, keep: float) -> float:
    if trial.state.is_finished:
        return 0.0
    if trial.state is TrialState.paused:
        return keep * _expected_epochs(trial, len(trial.rungs_passed), keep)
    target = max(trial.target_epoch, trial.rungs[0])
    passed = sum(rung <= target for rung in trial.rungs)
    return target - trial.epochs_done + (keep * _expected_epochs(trial, passed, keep) if passed < len(trial.rungs) else 0.0)


def _expected_epochs(trial: Trial, from_rung: int, keep: float) -> float:
    """Epochs from rung number `from_rung` on, each later rung being reached by a share `keep` of those before it."""
    ends = [0, *trial.rungs]
    steps = [ends[rung + 1] - ends[rung] for rung in range(from_rung, len(trial.rungs))]
    return sum(step * keep**later for later, step in enumerate(steps))


def _recent_epoch_seconds(history: History) -> list[float]:
    reports = [report for trial in history.trials.values() for report in trial.reports.values()]
    reports.sort(key=lambda report: report.time)
    return [report.timings["epoch_s"] for report in reports[-RECENT_EPOCHS:]]
