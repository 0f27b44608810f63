"""A trial of the journal as Optuna shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as State

from sweep.journal.fate import Fate, fate_of, is_put_down
from sweep.journal.history import History, Trial

_SETTLED = {Fate.complete: State.COMPLETE, Fate.failed: State.FAIL, Fate.stopped: State.PRUNED}


def frozen(trial: Trial, history: History, distributions: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """`trial` as Optuna stores it, with the journal's own times.

    A pruned trial is said to have ended when its last job did. One whose result is not a number counts as failed, as
    Optuna itself has it.
    """
    state = _state(trial, history)
    values = {epoch: trial.value_at(epoch) for epoch in sorted(trial.reports)}
    value = values[trial.epochs_done] if state is State.COMPLETE else None
    if value is not None and math.isnan(value):
        state, value = State.FAIL, None
    ended_at = trial.created_at if trial.ended_at is None else trial.ended_at
    return FrozenTrial(
        number=trial.number,
        state=state,
        value=value,
        datetime_start=_local(trial.created_at),
        datetime_complete=_local(ended_at) if state.is_finished() else None,
        params=dict(trial.params),
        distributions={path: distributions[path] for path in trial.params},
        user_attrs=_attributes(trial),
        system_attrs={},
        intermediate_values=values,
        trial_id=-1,
    )


def _local(seconds: float) -> datetime:
    """Optuna takes and gives times of the local zone, without naming it, and keeps them in UTC."""
    return datetime.fromtimestamp(seconds)


def _state(trial: Trial, history: History) -> State:
    return _SETTLED.get(fate_of(history, trial), State.WAITING if is_put_down(history) else State.RUNNING)


def _attributes(trial: Trial) -> dict[str, Any]:
    shown = {
        "origin": str(trial.origin),
        "epochs": trial.epochs,
        "ended_early": f"epoch {trial.epochs_done} of {trial.epochs}" if trial.ended_early else "",
        "failure": trial.failure,
        "best_epoch": trial.best_epoch,
    }
    return {name: value for name, value in shown.items() if value not in ("", None)}
