"""The trials that have a score, as the figures over the space show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sweep.analysis.fate import last_score_epoch
from sweep.analysis.naming import OBJECTIVE_LABELS, short_names
from sweep.config.space import Choices, Space, space_from_plain
from sweep.journal.fate import Fate, fate_of
from sweep.journal.history import History

_STEP = 0.4
"""Between trials of one option, as long as there is room."""


@dataclass(frozen=True, slots=True)
class ScoredTrial:
    number: int
    params: dict[str, Any]
    value: float
    """The objective at the trial's last rung."""
    share_trained: float
    """Of its own schedule, in (0, 1]."""
    is_complete: bool


@dataclass(frozen=True, slots=True)
class ScoredSpace:
    """The space and the trials in it. Values of trials trained to different shares are not strictly comparable."""

    study: str
    value_label: str
    higher_is_better: bool
    space: Space
    names: dict[str, str]
    """Dotted path → short name."""
    trials: tuple[ScoredTrial, ...]
    """By number; the failed are left out."""
    baseline: int | None
    champion: int | None

    def first(self, count: int) -> ScoredSpace:
        """The same with no more than so many settings."""
        return replace(self, space=dict(list(self.space.items())[:count]))

    def offsets(self, path: str) -> dict[int, float]:
        """Trial → where it lies among those with the same option, from -1 to 1: drawn on one spot, they would hide each other.

        A few lie close together. All are 0 where the setting is a range.
        """
        offsets = dict.fromkeys((trial.number for trial in self.trials), 0.0)
        dimension = self.space[path]
        for option in dimension.options if isinstance(dimension, Choices) else ():
            alike = [trial.number for trial in self.trials if trial.params[path] == option]
            reach = min(1.0, _STEP * (len(alike) - 1) / 2)
            offsets |= {number: reach * (2 * place / (len(alike) - 1) - 1) for place, number in enumerate(alike) if reach}
        return offsets


def scored_space(history: History) -> ScoredSpace:
    """What the slice and parallel-coordinate figures draw."""
    trials = []
    for number, trial in sorted(history.trials.items()):
        epoch, fate = last_score_epoch(trial), fate_of(history, trial)
        if epoch is not None and fate is not Fate.failed:
            share = epoch / trial.epochs
            trials.append(ScoredTrial(number, trial.params, trial.value_at(epoch), share, fate is Fate.complete))
    champion = history.best()
    numbers = {trial.number for trial in trials}
    return ScoredSpace(
        study=history.opened.study,
        value_label=OBJECTIVE_LABELS[history.objective],
        higher_is_better=history.objective.score(1.0) > 0,
        space=space_from_plain(history.opened.space),
        names=short_names(history.opened.space),
        trials=tuple(trials),
        baseline=0 if 0 in numbers else None,
        champion=champion.number if champion else None,
    )
