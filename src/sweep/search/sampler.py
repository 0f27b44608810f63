"""Proposes the values of the next trial.

Optuna is asked through a fresh study in memory, built from the history at every proposal, with a sampler seeded for that
trial: the proposal depends on the study's seed and history alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

from sweep.config import SamplerName, SearchConfig, StrategyName
from sweep.config.seeds import derive_seed
from sweep.config.space import Choices, Dimension, IntRange, Space
from sweep.journal.history import History, Trial, TrialState
from sweep.search.points import Key, Point, grid_point, is_exhausted, key_of, random_point, rounded, space_filling_point
from sweep.search.rungs import standings

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial

GP_MAX_TRIALS = 200
"""auto leaves the Gaussian process for TPE after so many trials: a proposal takes 0.2 s at 30 trials, and ever longer."""

ATTEMPTS = 4
"""How often a learning sampler may propose what was tried before; then the next space-filling point is taken."""

_FAILED = "failed"
"""The constraint that a failed trial violates, without which samplers propose its like again and again."""


def propose(history: History, space: Space, search: SearchConfig) -> Point | None:
    """The values of the next trial, never those of an earlier one; None when nothing is left to try.

    Until `search.startup_trials` trials have a score, the baseline among them, tpe and gp leave it to a space-filling sequence.
    """
    tried = {key_of(space, trial.params) for trial in history.trials.values()}
    if is_exhausted(space, tried):
        return None
    number = len(history.trials)
    sampler = choose_sampler(search, number)
    seed = derive_seed(history.seed, "sampler", number)
    if sampler is SamplerName.grid:
        return grid_point(space, tried, derive_seed(history.seed, "grid"))
    if sampler is SamplerName.random:
        return random_point(space, tried, seed)
    learned = standings(history, search.reduction_factor)
    if sampler is not SamplerName.qmc and len(learned) >= search.startup_trials:
        point = _ask_until_new(sampler, history, space, search, tried)
        if point is not None:
            return point
    return space_filling_point(space, tried, derive_seed(history.seed, "sobol"))


def choose_sampler(search: SearchConfig, number: int) -> SamplerName:
    """The sampler that proposes trial `number`: what auto stands for.

    TPE sorts trials by rung before score. The Gaussian process takes scores of different rungs for one and the same
    quantity, so it is for trials that are all trained to their end.
    """
    if search.sampler is not SamplerName.auto:
        return search.sampler
    is_alike = search.strategy is StrategyName.full
    return SamplerName.gp if is_alike and number < GP_MAX_TRIALS else SamplerName.tpe


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The space in Optuna's terms."""
    return {path: _distribution(dimension) for path, dimension in space.items()}


def _distribution(dimension: Dimension) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(dimension, Choices):
        return CategoricalDistribution(dimension.options)
    if isinstance(dimension, IntRange):
        return IntDistribution(dimension.low, dimension.high, dimension.log, dimension.step)
    return FloatDistribution(dimension.low, dimension.high, dimension.log)


def _ask_until_new(
    sampler: SamplerName, history: History, space: Space, search: SearchConfig, tried: Collection[Key]
) -> Point | None:
    for attempt in range(ATTEMPTS):
        seed = derive_seed(history.seed, "sampler", len(history.trials), attempt) % 2**32
        with _quiet_optuna():
            asked = _study(sampler, seed, history, space, search).ask(distributions(space)).params
        point = {path: rounded(dimension, asked[path]) for path, dimension in space.items()}
        if key_of(space, point) not in tried:
            return point
    return None


def _study(sampler: SamplerName, seed: int, history: History, space: Space, search: SearchConfig) -> Study:
    from optuna import create_study

    view = _as_gp_sees_it if sampler is SamplerName.gp else _as_tpe_sees_it
    study = create_study(direction="maximize", sampler=_sampler(sampler, seed))
    study.add_trials(view(history, distributions(space), search))
    return study


def _sampler(sampler: SamplerName, seed: int) -> BaseSampler:
    from optuna.samplers import GPSampler, TPESampler

    # Both startup counts are met before either is asked.
    if sampler is SamplerName.gp:
        return GPSampler(seed=seed, n_startup_trials=1)
    return TPESampler(seed=seed, n_startup_trials=1, constant_liar=True)


def _as_tpe_sees_it(history: History, dists: dict[str, BaseDistribution], search: SearchConfig) -> Iterator[FrozenTrial]:
    """Trials with a score are pruned at their rung, as TPE sorts those by rung, then by score."""
    from optuna.trial import TrialState as OptunaState

    standing = standings(history, search.reduction_factor)
    for trial in history.trials.values():
        if trial.number in standing:
            distance, score = standing[trial.number]
            yield _shown(trial, dists, OptunaState.PRUNED, scores={search.rungs - 1 - distance: score})
        elif trial.state is TrialState.failed:
            yield _shown(trial, dists, OptunaState.PRUNED)
        else:
            yield _shown(trial, dists, OptunaState.RUNNING)


def _as_gp_sees_it(history: History, dists: dict[str, BaseDistribution], search: SearchConfig) -> Iterator[FrozenTrial]:
    """Trials with a score are complete with it. Scores far below the median are raised: how bad they are teaches nothing.

    With a failed trial among them, all carry the constraint, as the Gaussian process of the constraint needs both kinds.
    """
    from optuna.trial import TrialState as OptunaState

    scores = {number: score for number, (_, score) in standings(history, search.reduction_factor).items()}
    middle = median(scores.values())
    floor = middle - (max(scores.values()) - middle)
    any_failed = any(trial.state is TrialState.failed for trial in history.trials.values())
    for trial in history.trials.values():
        if trial.number in scores:
            yield _shown(trial, dists, OptunaState.COMPLETE, value=max(scores[trial.number], floor), constrained=any_failed)
        elif trial.state is TrialState.failed:
            yield _shown(trial, dists, OptunaState.COMPLETE, value=floor)
        else:
            yield _shown(trial, dists, OptunaState.RUNNING)


def _shown(
    trial: Trial,
    dists: dict[str, BaseDistribution],
    state: Any,
    *,
    value: float | None = None,
    scores: Mapping[int, float] | None = None,
    constrained: bool = True,
) -> FrozenTrial:
    from optuna.trial import TrialState as OptunaState
    from optuna.trial import create_trial

    violated = 1.0 if trial.state is TrialState.failed else 0.0
    return create_trial(
        state=state,
        value=value,
        params=trial.params,
        distributions=dists,
        intermediate_values=dict(scores or {}),
        constraints={_FAILED: violated} if constrained and state is not OptunaState.RUNNING else None,
    )


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Optuna announces every study that it makes; whoever uses it beside us keeps their own level."""
    from optuna import logging

    level = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(level)
