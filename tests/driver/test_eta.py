"""How long a sweep will still take. Every epoch took ten seconds; trials have their rungs at 4, 13 and 40 epochs."""

from __future__ import annotations

import pytest
from tests.commands.sample import EPOCH_S, history_of, new_study, standing_of

from sweep.config import BudgetConfig
from sweep.driver.eta import epochs_left, seconds_left

A_TRIAL = 4 + 9 / 3 + 27 / 9
"""Epochs that asha probably spends on a trial: a third of the trials goes on at each rung."""


def test_nothing_is_said_before_the_first_epoch_was_measured():
    assert seconds_left(standing_of(new_study(), trials=3)) is None
    assert seconds_left(standing_of(new_study().trial(0, upto=0, outcome=None), trials=3)) is None


def test_a_running_trial_has_the_rest_of_its_job_and_perhaps_more():
    builder = new_study().trial(0)
    builder.trial(1, upto=4, outcome=None)
    assert epochs_left(history_of(builder), BudgetConfig(trials=2)) == pytest.approx(9 / 3 + 27 / 9)


def test_trials_to_come_are_expected_to_stop_as_the_strategy_stops_them():
    history = history_of(new_study().trial(0))
    assert epochs_left(history, BudgetConfig(trials=4)) == pytest.approx(3 * A_TRIAL)
    in_full = history_of(new_study("full").trial(0, rungs=[40]))
    assert epochs_left(in_full, BudgetConfig(trials=4)) == 3 * 40


def test_a_paused_trial_is_promoted_with_the_chance_of_its_rung():
    history = history_of(new_study().trial(0).trial(1, upto=13))
    assert epochs_left(history, BudgetConfig(trials=2)) == pytest.approx(27 / 3)


def test_workers_share_what_is_left():
    one, two = (seconds_left(standing_of(new_study().trial(0), capacity=workers, trials=7)) for workers in (1, 2))
    assert one == pytest.approx(EPOCH_S * 6 * A_TRIAL)
    assert two == pytest.approx(EPOCH_S * 3 * A_TRIAL)


def test_one_trial_alone_does_not_get_faster_by_more_workers():
    builder = new_study().trial(0, upto=30, outcome=None)
    builder.events[-31] = type(builder.events[-31])(trial=0, replicate=0, attempt=0, last_epoch=40, worker="w0")
    assert seconds_left(standing_of(builder, capacity=8, trials=1)) == pytest.approx(EPOCH_S * 10)


def test_the_budget_that_is_spent_first_decides():
    builder = new_study().trial(0)
    unlimited = seconds_left(standing_of(builder, trials=1000))
    assert unlimited == pytest.approx(EPOCH_S * 999 * A_TRIAL)
    assert seconds_left(standing_of(builder, trials=1000, epochs=46)) == pytest.approx(EPOCH_S * 6)
    hours_spent = history_of(builder).hours_spent
    assert seconds_left(standing_of(builder, trials=1000, hours=hours_spent + 0.5)) == pytest.approx(1800)


def test_a_spent_budget_leaves_nothing():
    builder = new_study().trial(0)
    assert seconds_left(standing_of(builder, trials=1)) == 0
    assert seconds_left(standing_of(builder, trials=10, epochs=20)) == 0
    assert seconds_left(standing_of(builder, trials=10, hours=0.001)) == 0
