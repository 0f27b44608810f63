from __future__ import annotations

import logging
import math
from statistics import mean
from typing import Any

import optuna
import pytest
from tests.search.simulation import BASELINE, Simulation, bowl

from sweep.config import BudgetConfig, SamplerName, SearchConfig, StrategyName
from sweep.config.space import Choices, FloatRange, IntRange, Space
from sweep.journal.history import TrialState
from sweep.search.sampler import GP_MAX_TRIALS, choose_sampler, distributions, propose


def promise(sampler: SamplerName, strategy: StrategyName, seed: int) -> float:
    """How good, on average, the six proposals after ten trials would be at their end."""
    search = SearchConfig(sampler=sampler, strategy=strategy, startup_trials=10)
    done = Simulation(search=search, budget=BudgetConfig(trials=16), seed=seed).run()
    return mean(bowl(trial.params, 1.0) for number, trial in done.history.trials.items() if number >= 10)


@pytest.mark.parametrize(
    ("sampler", "strategy", "seeds"),
    [
        (SamplerName.tpe, StrategyName.asha, 8),
        (SamplerName.tpe, StrategyName.full, 8),
        pytest.param(SamplerName.gp, StrategyName.full, 1, marks=pytest.mark.slow),
    ],
)
def test_learning_samplers_propose_better_than_random(sampler: SamplerName, strategy: StrategyName, seeds: int) -> None:
    learned = mean(promise(sampler, strategy, seed) for seed in range(seeds))
    blind = mean(promise(SamplerName.random, strategy, seed) for seed in range(20))
    assert learned > blind + 0.05


@pytest.mark.parametrize("sampler", [SamplerName.tpe, pytest.param(SamplerName.gp, marks=pytest.mark.slow)])
def test_a_region_where_trials_fail_is_avoided(sampler: SamplerName) -> None:
    def curve(params: Any, share: float) -> float | None:
        return None if params["optimizer.lr"] > 1e-3 else bowl(params, share)

    search = SearchConfig(sampler=sampler, startup_trials=6)
    good = BASELINE | {"optimizer.lr": 5e-4}
    done = Simulation(curve, search=search, budget=BudgetConfig(trials=18), baseline=good).run()
    failed = [number for number, trial in done.history.trials.items() if trial.state is TrialState.failed]
    assert any(number < 12 for number in failed)
    assert sum(number >= 12 for number in failed) <= 2  # of six; half of the range fails


@pytest.mark.parametrize("sampler", [name for name in SamplerName if name is not SamplerName.auto])
def test_a_proposal_depends_on_seed_and_history_alone(sampler: SamplerName) -> None:
    search = SearchConfig(sampler=sampler)
    done = Simulation(search=SearchConfig(sampler=SamplerName.qmc), budget=BudgetConfig(trials=8)).run()
    once, again = (propose(done.history, done.space, search) for _ in range(2))
    assert once == again and once is not None
    assert all(once[path] in dimension for path, dimension in done.space.items())


@pytest.mark.parametrize("sampler", [SamplerName.tpe, pytest.param(SamplerName.gp, marks=pytest.mark.slow)])
def test_what_is_proposed_beside_running_trials_differs_from_them(sampler: SamplerName) -> None:
    search = SearchConfig(sampler=sampler, startup_trials=6)
    done = Simulation(search=search, budget=BudgetConfig(trials=6)).run()
    more = Simulation(search=search, budget=BudgetConfig(trials=9), entries=list(done.entries))
    while job := more.strategy.next(more.history):
        more.launch(job)
    rates = [math.log10(more.history.trials[number].params["optimizer.lr"]) for number in (6, 7, 8)]
    assert all(more.history.trials[number].state is TrialState.running for number in (6, 7, 8))
    assert max(rates) - min(rates) > 0.05


@pytest.mark.parametrize("sampler", [SamplerName.tpe, pytest.param(SamplerName.gp, marks=pytest.mark.slow)])
def test_no_trial_is_repeated_where_few_values_exist(sampler: SamplerName) -> None:
    space: Space = {"train.batch_size": Choices((16, 32, 64)), "train.epochs": IntRange(30, 33)}
    baseline = {"train.batch_size": 32, "train.epochs": 30}

    def curve(params: Any, share: float) -> float:
        return share * float(params["train.batch_size"]) / 100

    search = SearchConfig(sampler=sampler, startup_trials=3)
    done = Simulation(curve, search=search, budget=BudgetConfig(trials=50), space=space, baseline=baseline).run()
    assert len({tuple(trial.params.values()) for trial in done.history.trials.values()}) == len(done.history.trials) == 12


def test_the_first_trials_are_space_filling_whatever_learns_later() -> None:
    first = {
        name: [
            trial.params
            for trial in Simulation(search=SearchConfig(sampler=name), budget=BudgetConfig(trials=5))
            .run()
            .history.trials.values()
        ]
        for name in (SamplerName.tpe, SamplerName.gp, SamplerName.qmc)
    }
    assert first[SamplerName.tpe] == first[SamplerName.gp] == first[SamplerName.qmc]


def test_other_seeds_search_elsewhere() -> None:
    one, two = (Simulation(seed=seed, budget=BudgetConfig(trials=3)).run().history.trials[2].params for seed in (1, 2))
    assert one != two


def test_auto_takes_the_gaussian_process_only_where_scores_are_alike() -> None:
    full = SearchConfig(strategy=StrategyName.full)
    assert choose_sampler(full, 10) is SamplerName.gp
    assert choose_sampler(full, GP_MAX_TRIALS) is SamplerName.tpe
    assert choose_sampler(SearchConfig(), 10) is SamplerName.tpe
    assert choose_sampler(SearchConfig(sampler=SamplerName.gp), 10_000) is SamplerName.gp


def test_dimensions_in_optunas_terms() -> None:
    found = distributions({"a": FloatRange(1e-4, 1.0, log=True), "b": IntRange(2, 8, step=3), "c": Choices((None, "x"))})
    assert found == {
        "a": optuna.distributions.FloatDistribution(1e-4, 1.0, log=True),
        "b": optuna.distributions.IntDistribution(2, 8, step=3),
        "c": optuna.distributions.CategoricalDistribution((None, "x")),
    }


def test_optunas_own_log_is_left_as_the_user_set_it(caplog: pytest.LogCaptureFixture) -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.enable_propagation()
    try:
        with caplog.at_level(logging.DEBUG):
            for sampler in (SamplerName.tpe, SamplerName.gp):
                Simulation(search=SearchConfig(sampler=sampler), budget=BudgetConfig(trials=6)).run()
    finally:
        optuna.logging.disable_propagation()
    assert caplog.messages == []
    assert optuna.logging.get_verbosity() == before
