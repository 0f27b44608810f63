from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.search.simulation import BASELINE, Simulation, bowl

from sweep.config import BudgetConfig, SamplerName, SearchConfig, StrategyName
from sweep.journal.events import Origin
from sweep.journal.history import History, Trial
from sweep.search.rungs import ranked_at, rungs_for, standings


@pytest.mark.parametrize(
    ("epochs", "search", "rungs"),
    [
        (40, SearchConfig(), (4, 13, 40)),
        (100, SearchConfig(), (11, 33, 100)),
        (15, SearchConfig(), (3, 5, 15)),
        (10, SearchConfig(), (3, 10)),
        (3, SearchConfig(), (3,)),
        (2, SearchConfig(), (2,)),
        (40, SearchConfig(reduction_factor=2, rungs=4), (5, 10, 20, 40)),
        (40, SearchConfig(rungs=1), (40,)),
        (40, SearchConfig(strategy=StrategyName.full), (40,)),
    ],
)
def test_rungs_are_fractions_of_a_trials_own_length(epochs: int, search: SearchConfig, rungs: tuple[int, ...]) -> None:
    assert rungs_for(epochs, search) == rungs


def test_no_rung_lies_before_epoch_three_and_the_last_is_the_end() -> None:
    for epochs in range(3, 101):
        rungs = rungs_for(epochs, SearchConfig())
        assert rungs[0] >= 3 and rungs[-1] == epochs and list(rungs) == sorted(set(rungs))


def test_a_poor_baseline_stands_at_the_rung_where_it_would_have_stopped() -> None:
    done = Simulation(budget=BudgetConfig(trials=9), baseline=BASELINE | {"optimizer.lr": 1e-2, "model.dropout": 0.5}).run()
    history = done.history
    distance, score = standings(history, 3)[0]
    assert history.trials[0].epochs_done == 40
    assert (distance, score) == (2, bowl(history.trials[0].params, 4 / 40))


def test_a_good_baseline_stands_at_its_end() -> None:
    history = (
        Simulation(budget=BudgetConfig(trials=12), baseline=BASELINE | {"optimizer.lr": 1e-3, "model.dropout": 0.1}).run().history
    )
    assert standings(history, 3)[0] == (0, bowl(history.trials[0].params, 1.0))


def test_a_failed_trial_stands_nowhere() -> None:
    def curve(params: object, share: float) -> float | None:
        return None if share > 0.2 else 0.5

    history = Simulation(curve, budget=BudgetConfig(trials=1)).run().history
    assert history.trials[0].rungs_passed == (4,)
    assert standings(history, 3) == {} and ranked_at(history, 2, 3) == []


def early(history: History) -> list[Trial]:
    return [trial for trial in history.trials.values() if trial.ended_early and trial.origin is Origin.sampler]


def test_a_poor_trial_that_ended_early_stands_where_it_ended() -> None:
    def curve(params: Mapping[str, Any], share: float) -> float:
        return 0.05 if params["train.batch_size"] == 64 else bowl(params, share)

    search = SearchConfig(sampler=SamplerName.qmc)
    sim = Simulation(
        curve,
        search=search,
        budget=BudgetConfig(trials=15),
        ends_early=lambda params: 3 if params["train.batch_size"] == 64 else None,
    )
    history = sim.run().history
    assert early(history)
    for trial in early(history):
        assert standings(history, 3)[trial.number] == (2, 0.05)
        assert trial.number not in {other.number for other in ranked_at(history, 1, 3)}


def test_a_good_trial_that_ended_early_stands_at_its_end() -> None:
    def curve(params: Mapping[str, Any], share: float) -> float:
        return 0.95 if params["train.batch_size"] == 64 else bowl(params, share)

    sim = Simulation(
        curve,
        search=SearchConfig(sampler=SamplerName.qmc),
        budget=BudgetConfig(trials=15),
        ends_early=lambda params: 3 if params["train.batch_size"] == 64 else None,
    )
    history = sim.run().history
    best = early(history)[0]
    assert standings(history, 3)[best.number] == (0, 0.95)
    assert history.best() == best
