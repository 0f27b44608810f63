from __future__ import annotations

import pytest
from tests.search.simulation import BASELINE, Simulation, bowl

from sweep.config import BudgetConfig, SearchConfig, StrategyName
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
    assert standings(history, 3) == {} and ranked_at(history, 2) == []
