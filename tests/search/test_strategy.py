from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.search.simulation import BASELINE, SPACE, Simulation, bowl

from sweep.config import BudgetConfig, SamplerName, SearchConfig, StrategyName
from sweep.config.space import Choices
from sweep.journal.events import JobOutcome, Origin, SittingStarted, TrialCreated
from sweep.journal.history import History, TrialState, fold
from sweep.search.rungs import ranked_at, scored_rungs
from sweep.search.strategy import NextJob, Strategy

QMC = SearchConfig(sampler=SamplerName.qmc)


def results(history: History) -> dict[int, tuple[Any, ...]]:
    """What a sweep came to, without how often it was interrupted."""
    return {
        number: (trial.params, trial.origin, trial.rungs, trial.state, {e: r.metrics for e, r in trial.reports.items()})
        for number, trial in history.trials.items()
    }


@pytest.mark.parametrize("sampler", [SamplerName.auto, SamplerName.qmc, SamplerName.random])
@pytest.mark.parametrize("seed", range(4))
def test_twelve_trials_cost_less_than_half_of_full_trainings(sampler: SamplerName, seed: int) -> None:
    done = Simulation(search=SearchConfig(sampler=sampler), budget=BudgetConfig(trials=12), seed=seed).run()
    full = sum(trial.epochs for trial in done.history.trials.values())
    assert len(done.history.trials) == 12
    assert done.history.epochs_trained <= 0.45 * full
    assert done.history.best() is not None


def test_the_baseline_is_first_and_goes_straight_to_its_end() -> None:
    done = Simulation(search=QMC, budget=BudgetConfig(trials=3)).run()
    first = done.decisions[0]
    assert (first.trial, first.last_epoch, first.origin, first.params) == (0, 40, Origin.baseline, BASELINE)
    assert done.history.trials[0].state is TrialState.complete


class Watched:
    """A strategy that shows what it decided, and from what."""

    def __init__(self, strategy: Strategy, see: Callable[[History, NextJob], None]) -> None:
        self.strategy, self.see = strategy, see

    def next(self, history: History) -> NextJob | None:
        job = self.strategy.next(history)
        if job:
            self.see(history, job)
        return job


@pytest.mark.parametrize("workers", [1, 3])
def test_a_trial_goes_on_to_its_next_rung_from_among_the_best_third_of_this_one(workers: int) -> None:
    promoted = []

    def see(history: History, job: NextJob) -> None:
        if job.params is not None:
            return
        trial = history.trials[job.trial]
        field = ranked_at(history, min(scored_rungs(trial)), 3)
        assert trial in field[: len(field) // 3] or (len(history.trials) == 40 and trial in field[:2])
        assert job.last_epoch == trial.rungs[trial.rungs.index(trial.epochs_done) + 1]
        promoted.append(job.trial)

    sim = Simulation(search=QMC, budget=BudgetConfig(trials=40), workers=workers)
    sim.strategy = Watched(sim.strategy, see)
    sim.run()
    assert len(promoted) >= 12


def stuck(params: Any, share: float) -> float:
    """A third of the trials learn nothing."""
    return 0.05 if params["train.batch_size"] == 64 else bowl(params, share)


def end_when_stuck(params: Any) -> int | None:
    return 3 if params["train.batch_size"] == 64 else None


@pytest.mark.parametrize("ends_early", [lambda _: None, end_when_stuck])
def test_a_new_trial_starts_only_where_nobody_can_be_promoted(ends_early: Callable[[Any], int | None]) -> None:
    def see(history: History, job: NextJob) -> None:
        if job.params is None or job.trial == 0:
            return
        for distance in (1, 2):
            field = ranked_at(history, distance, 3)
            went_on = sum(trial.epochs_done > scored_rungs(trial)[distance] for trial in field if trial.number)
            waiting = [
                trial for trial in field[: len(field) // 3] if trial.epochs_done == scored_rungs(trial)[distance] != trial.epochs
            ]
            assert went_on >= len(field) // 3 or not waiting

    sim = Simulation(stuck, search=QMC, budget=BudgetConfig(trials=30), ends_early=ends_early)
    sim.strategy = Watched(sim.strategy, see)
    sim.run()


def test_trials_that_end_early_are_never_promoted_and_take_no_place_from_those_that_may_be() -> None:
    def started(ends_early: Callable[[Any], int | None]) -> list[tuple[int, int]]:
        done = Simulation(stuck, search=QMC, budget=BudgetConfig(trials=30), ends_early=ends_early).run()
        early = {number for number, trial in done.history.trials.items() if trial.ended_early}
        assert not [job for job in done.decisions if job.trial in early and job.params is None]
        assert bool(early) == (ends_early is end_when_stuck)
        return [(job.trial, job.last_epoch) for job in done.decisions]

    # They would have stopped at their first rung, an epoch or two later: all others are treated as if they had.
    assert started(end_when_stuck) == started(lambda _: None)


def test_the_best_proposal_of_every_rung_has_gone_on_in_the_end() -> None:
    for seed in range(5):
        history = Simulation(search=QMC, budget=BudgetConfig(trials=10), seed=seed).run().history
        for distance in (1, 2):
            best = next(trial for trial in ranked_at(history, distance, 3) if trial.origin is Origin.sampler)
            assert best.epochs_done > scored_rungs(best)[distance]


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_never_share_a_trial(workers: int) -> None:
    sim = Simulation(search=QMC, budget=BudgetConfig(trials=20), workers=workers)
    launch = sim.launch

    def checked(job: Any) -> None:
        assert job.trial not in {trial for _, trial, _ in sim._at_work}
        launch(job)

    sim.launch = checked  # type: ignore[method-assign]
    history = sim.run().history
    assert len(history.trials) == 20
    assert all(trial.state in (TrialState.complete, TrialState.paused) for trial in history.trials.values())
    assert len({tuple(trial.params.values()) for trial in history.trials.values()}) == 20


@pytest.mark.parametrize("sampler", [SamplerName.tpe, pytest.param(SamplerName.gp, marks=pytest.mark.slow), SamplerName.qmc])
def test_a_sweep_killed_anywhere_ends_as_the_one_that_was_not(sampler: SamplerName) -> None:
    setting: dict[str, Any] = {"search": SearchConfig(sampler=sampler, startup_trials=5), "budget": BudgetConfig(trials=7)}
    undisturbed = Simulation(**setting).run()
    every = {SamplerName.gp: 100, SamplerName.tpe: 9}.get(sampler, 2)
    for cut in range(1, len(undisturbed.entries), every):
        again = Simulation(entries=undisturbed.entries[:cut], **setting).run()
        assert results(again.history) == results(undisturbed.history), f"killed after entry {cut}"


def test_an_interrupted_job_is_finished_before_anything_else() -> None:
    sim = Simulation(search=QMC, budget=BudgetConfig(trials=5))
    sim.launch(sim.strategy.next(sim.history))  # type: ignore[arg-type]
    sim.finish(0, 7, JobOutcome.interrupted)
    job = sim.strategy.next(sim.history)
    assert job is not None and (job.trial, job.last_epoch, job.params) == (0, 40, None)


def test_a_trial_that_was_created_but_never_started_gets_its_first_job() -> None:
    sim = Simulation(search=QMC, budget=BudgetConfig(trials=5)).run()
    created = next(
        place for place, entry in enumerate(sim.entries) if isinstance(entry.event, TrialCreated) and entry.event.trial == 1
    )
    again = Simulation(entries=sim.entries[: created + 1], search=QMC, budget=BudgetConfig(trials=5))
    again.record(SittingStarted(pid=2, host="h", budget={}, environment={}))
    job = again.strategy.next(again.history)
    assert job is not None and (job.trial, job.last_epoch, job.params) == (1, again.history.trials[1].rungs[0], None)


def test_a_lost_worker_is_replaced_at_the_same_target() -> None:
    sim = Simulation(search=QMC, budget=BudgetConfig(trials=5))
    sim.launch(sim.strategy.next(sim.history))  # type: ignore[arg-type]
    sim.finish(0, 5, JobOutcome.died)
    job = sim.strategy.next(sim.history)
    assert job is not None and (job.trial, job.last_epoch) == (0, 40)


@pytest.mark.parametrize("trials", [2, 3])
def test_a_sweep_too_small_to_halve_still_brings_one_sampled_trial_to_its_end(trials: int) -> None:
    good = BASELINE | {"optimizer.lr": 1e-3, "model.dropout": 0.1}
    history = Simulation(search=QMC, budget=BudgetConfig(trials=trials), baseline=good).run().history
    complete = [trial for trial in history.trials.values() if trial.state is TrialState.complete]
    assert [trial.origin for trial in complete] == [Origin.baseline, Origin.sampler]
    assert complete[1].score_at(complete[1].rungs[0]) == max(t.score_at(t.rungs[0]) for t in list(history.trials.values())[1:])


def test_full_trains_every_trial_to_its_end_in_one_job() -> None:
    search = SearchConfig(strategy=StrategyName.full, sampler=SamplerName.qmc)
    done = Simulation(search=search, budget=BudgetConfig(trials=6), workers=2).run()
    assert len(done.decisions) == 6
    assert all(trial.state is TrialState.complete for trial in done.history.trials.values())


@pytest.mark.parametrize("strategy", StrategyName)
@pytest.mark.parametrize("workers", [1, 3])
def test_the_budget_of_epochs_is_never_exceeded_and_well_used(strategy: StrategyName, workers: int) -> None:
    search = SearchConfig(strategy=strategy, sampler=SamplerName.qmc)
    history = Simulation(search=search, budget=BudgetConfig(trials=500, epochs=300), workers=workers).run().history
    assert history.epochs_trained <= 300
    longest_job = 50 if strategy is StrategyName.full else 33
    assert history.epochs_trained > 300 - longest_job


def test_the_budget_is_of_the_study_and_may_be_raised() -> None:
    first = Simulation(search=QMC, budget=BudgetConfig(trials=5)).run()
    more = Simulation(entries=list(first.entries), search=QMC, budget=BudgetConfig(trials=9)).run()
    assert len(more.history.trials) == 9
    assert fold(first.entries).trials.keys() < more.history.trials.keys()


def test_failed_trials_take_no_place_in_a_rung_and_do_not_stop_the_sweep() -> None:
    def curve(params: Any, share: float) -> float | None:
        return None if params["train.batch_size"] == 64 else bowl(params, share)

    history = Simulation(curve, search=QMC, budget=BudgetConfig(trials=20)).run().history
    failed = {number for number, trial in history.trials.items() if trial.state is TrialState.failed}
    assert len(history.trials) == 20 and failed
    assert failed == {number for number, trial in history.trials.items() if trial.params["train.batch_size"] == 64}
    assert not failed & {trial.number for trial in ranked_at(history, 2, 3)}


def test_a_sweep_whose_space_is_exhausted_ends() -> None:
    space = {"train.batch_size": Choices((16, 32, 64))}
    for sampler in (SamplerName.grid, SamplerName.tpe, SamplerName.qmc):
        done = Simulation(
            search=SearchConfig(sampler=sampler), space=space, baseline={"train.batch_size": 32}, curve=lambda p, s: s
        )
        assert sorted(trial.params["train.batch_size"] for trial in done.run().history.trials.values()) == [16, 32, 64]


def test_short_trials_are_compared_at_the_same_fraction_of_their_schedule() -> None:
    space = {"optimizer.lr": SPACE["optimizer.lr"], "train.epochs": Choices((6, 30))}
    baseline = {"optimizer.lr": 1e-3, "train.epochs": 30}

    def curve(params: Any, share: float) -> float:
        return bowl(params | {"model.dropout": 0.1}, share)

    history = Simulation(curve, search=QMC, budget=BudgetConfig(trials=20), space=space, baseline=baseline).run().history
    short = [trial for trial in history.trials.values() if trial.epochs == 6]
    assert all(trial.rungs == (3, 6) for trial in short)
    assert {trial.number for trial in short} <= {trial.number for trial in ranked_at(history, 1, 3)}
    assert not {trial.number for trial in short} & {trial.number for trial in ranked_at(history, 2, 3)}
