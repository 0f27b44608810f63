"""Rungs: the epochs of a trial's own schedule at which it is compared with the others.

Trials have schedules of different lengths, so a rung is told by its distance from the trial's end: equal distances are equal
fractions of a schedule. A short trial has fewer rungs, and they are the last ones.
"""

from __future__ import annotations

from sweep.config import SearchConfig, StrategyName
from sweep.journal.events import Origin
from sweep.journal.history import History, Trial, TrialState

FIRST_EPOCH = 3
"""No comparison before: after one epoch the scores' rank correlation with the final ones was 0.06, after three 0.76."""


def rungs_for(epochs: int, search: SearchConfig) -> tuple[int, ...]:
    """The epochs at which a trial of that length is compared, ascending; the last is its end."""
    if search.strategy is StrategyName.full:
        return (epochs,)
    fractions = (search.reduction_factor**-power for power in range(search.rungs))
    # A trial shorter than the first comparison has its end alone.
    return tuple(sorted({min(epochs, max(FIRST_EPOCH, round(fraction * epochs))) for fraction in fractions}))


def scored_rungs(trial: Trial) -> dict[int, int]:
    """The rungs that have a score: distance from the trial's end (0: the end itself) → epoch, the first rung first."""
    last = len(trial.rungs) - 1
    return {last - index: epoch for index, epoch in enumerate(trial.rungs) if epoch in trial.reports}


def ranked_at(history: History, distance: int, reduction_factor: int) -> list[Trial]:
    """The trials that count at that distance from their end, best first; failed ones are left out.

    A trial that ended early has its last score at every rung that it did not come to. It counts at such a rung while it is
    among the best of the rung before, as it would have gone on then; else many poor ones would fill the higher rungs.
    """
    scored = [
        (trial, epoch)
        for trial in history.trials.values()
        if trial.state is not TrialState.failed and (epoch := scored_rungs(trial).get(distance)) is not None
    ]
    if any(_is_beyond_its_end(trial, distance) for trial, _ in scored):
        going_on = {trial.number for trial in top_at(history, distance + 1, reduction_factor)}
        scored = [pair for pair in scored if pair[0].number in going_on or not _is_beyond_its_end(pair[0], distance)]
    return [trial for trial, epoch in sorted(scored, key=lambda pair: pair[0].rank_at(pair[1]), reverse=True)]


def top_at(history: History, distance: int, reduction_factor: int) -> list[Trial]:
    """The best 1/reduction_factor of the trials at a rung: those that go on."""
    field = ranked_at(history, distance, reduction_factor)
    return field[: len(field) // reduction_factor]


def _is_beyond_its_end(trial: Trial, distance: int) -> bool:
    """The trial had ended early by the rung before that one."""
    return trial.ended_early and scored_rungs(trial).get(distance + 1) == trial.epochs_done


def standings(history: History, reduction_factor: int) -> dict[int, tuple[int, float]]:
    """Trial → the rung it stands at, as distance from its end, and its score there.

    A trial that is trained straight to its end stands at the rung to which it would have been promoted. A sampler
    takes a higher rung for a better trial: standing at its end, a poor baseline would draw all proposals to itself.
    """
    passed = {number: scored_rungs(trial) for number, trial in history.trials.items() if trial.state is not TrialState.failed}
    farthest = max((distance for rungs in passed.values() for distance in rungs), default=0)
    fields = [[trial.number for trial in ranked_at(history, distance, reduction_factor)] for distance in range(farthest + 1)]
    counted = [set(field) for field in fields]
    top = [set(field[: len(field) // reduction_factor]) for field in fields]
    found: dict[int, tuple[int, float]] = {}
    for number, rungs in passed.items():
        trial = history.trials[number]
        earned = [distance for distance in rungs if number in counted[distance]]
        if trial.origin is not Origin.sampler:
            lost = next((place for place, distance in enumerate(earned) if number not in top[distance]), len(earned))
            earned = earned[: lost + 1]
        if earned:
            found[number] = (earned[-1], trial.score_at(rungs[earned[-1]]))
    return found
