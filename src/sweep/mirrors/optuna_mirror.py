"""The study for `optuna-dashboard` and `optuna.load_study`, in a file of its own or on a server.

| here | there |
|---|---|
| waiting, running or paused while a sitting is on | RUNNING |
| the same after an interruption | WAITING: it will be continued |
| the same once the budget is spent | PRUNED |
| complete, failed | COMPLETE, FAIL |

Every trial is written as the history shows it, so writing it twice changes nothing. At every start all of the study is
compared with the history, which is cheap; so it needs no cursor of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import sqlalchemy
from optuna.distributions import BaseDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as State

from sweep.errors import InternalError, TrackingError
from sweep.journal.history import History, fold
from sweep.journal.journal import Entry
from sweep.mirrors.changes import advance
from sweep.mirrors.optuna_store import OpenStudy, OptunaStore, reaching
from sweep.mirrors.optuna_trial import frozen


class OptunaMirror:
    """Keeps the study in `store` up to the journal."""

    def __init__(self, store: OptunaStore, distributions: Mapping[str, BaseDistribution]) -> None:
        self.store = store
        self.name = store.name
        self.cursor = 0
        self._distributions = distributions
        self._study: OpenStudy | None = None
        self._history: History | None = None
        self._stored: dict[int, FrozenTrial] = {}
        """What is in the store, by the trial's number."""
        self._abandoned = threading.Event()

    def catch_up(self, entries: Sequence[Entry]) -> None:
        """See `Mirror`. Raises TrackingError when the store is locked for long or cannot be written."""
        try:
            with reaching(self.store):
                study, history = self._open(entries)
                if self.cursor < len(entries):
                    self._project(study, history, entries)
        except BaseException:
            self.close()  # what is known of the store may be wrong now: the next call reads it again
            raise

    def close(self) -> None:
        if self._study is not None:
            self._study.close()
        self._study = self._history = None

    def abandon(self) -> None:
        self._abandoned.set()

    def _open(self, entries: Sequence[Entry]) -> tuple[OpenStudy, History]:
        if self._study is not None and self._history is not None and self.store.is_there():
            return self._study, self._history
        self.close()
        self._study = self.store.open(entries[0])
        self._stored = {trial.number: trial for trial in self._study.storage.get_all_trials(self._study.study_id)}
        self._history = fold(entries[:1])
        self.cursor = 0
        return self._study, self._history

    def _project(self, study: OpenStudy, history: History, entries: Sequence[Entry]) -> None:
        for number in sorted(advance(history, entries[self.cursor :]).touched):
            if self._abandoned.is_set():
                raise TrackingError(f"{self.name} is not written any more", "deliver later what waits")
            trial = frozen(history.trials[number], history, self._distributions)
            stored = self._stored.get(number)
            if stored is None:
                trial._trial_id = study.storage.create_new_trial(study.study_id, trial)
                if study.storage.get_trial_number_from_id(trial._trial_id) != number:
                    raise InternalError(f"trial {number} was not created in order")
            else:
                trial._trial_id = stored._trial_id
                _update(study, stored, trial)
            self._stored[number] = trial
        self.cursor = len(entries)


def _update(study: OpenStudy, stored: FrozenTrial, trial: FrozenTrial) -> None:
    if _look(stored) == _look(trial):
        return
    if stored.state is not State.RUNNING:
        _set_state(study, trial._trial_id, State.RUNNING, None)  # Optuna itself never reopens a trial
    _write_news(study.storage, stored, trial)
    if trial.state is not State.RUNNING:
        _set_state(study, trial._trial_id, trial.state, trial.datetime_complete)


def _look(trial: FrozenTrial) -> tuple[object, ...]:
    """What may change about a trial. An epoch's value never does."""
    return trial.state, trial.value, trial.datetime_complete, trial.user_attrs, sorted(trial.intermediate_values)


def _write_news(storage: RDBStorage, stored: FrozenTrial, trial: FrozenTrial) -> None:
    trial_id = trial._trial_id
    for epoch, value in trial.intermediate_values.items():
        if epoch not in stored.intermediate_values:
            storage.set_trial_intermediate_value(trial_id, epoch, value)
    for name, attribute in trial.user_attrs.items():
        if stored.user_attrs.get(name) != attribute:
            storage.set_trial_user_attr(trial_id, name, attribute)
    if trial.value is not None:
        # Not with the final state: Optuna would set the present time as the trial's end.
        storage.set_trial_state_values(trial_id, State.RUNNING, [trial.value])


def _set_state(study: OpenStudy, trial_id: int, state: State, ended: datetime | None) -> None:
    """What Optuna's interface does not offer: an end that is not now, and the way back from a finished state."""
    ended_utc = ended.astimezone(UTC).replace(tzinfo=None) if ended else None
    change = sqlalchemy.update(study.trials).where(study.trials.c.trial_id == trial_id)
    with study.storage.engine.begin() as connection:
        connection.execute(change.values(state=state.name, datetime_complete=ended_utc))
