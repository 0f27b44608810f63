"""The records that the figures draw."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from sweep.analysis.figures.importance import Importance, NoImportance, importance
from sweep.analysis.figures.learning_curve import draw_learning_curve, learning_curve
from sweep.analysis.figures.optimization_history import draw_optimization_history, optimization_history
from sweep.analysis.figures.parallel import axis_ticks, height_of
from sweep.analysis.figures.rungs import Role, rung_curves
from sweep.analysis.figures.scored import scored_space
from sweep.analysis.figures.slices import draw_slices
from sweep.config.space import Choices, FloatRange, IntRange
from sweep.journal.events import JobOutcome
from sweep.journal.fate import Fate


def test_a_learning_curve_has_every_epoch_its_rungs_and_its_best(new_study):
    history = new_study().trial(0, upto=13).history()
    curve = learning_curve(history, history.trials[0])
    assert curve.title == "Trial 0: paused at epoch 13 of 40"
    assert curve.epochs == tuple(range(1, 14))
    assert curve.rungs == (4, 13)
    assert curve.best("val/loss") == history.trials[0].reports[11].metrics["val/loss"]
    assert "lr 0.001" in curve.settings and "batch_size 48" in curve.settings
    assert len(draw_learning_curve(curve).axes) == 4


def test_a_metric_that_is_missing_or_infinite_leaves_a_gap(new_study):
    history = new_study().trial(0, upto=4).history()
    del history.trials[0].reports[2].metrics["lr"]
    history.trials[0].reports[3].metrics["val/loss"] = math.inf
    history.trials[0].best_epoch = None
    curve = learning_curve(history, history.trials[0])
    assert math.isnan(curve.metrics["lr"][1]) and math.isnan(curve.best("val/loss"))
    loss = draw_learning_curve(curve).axes[0].get_lines()[1]
    assert math.isnan(loss.get_ydata()[2])


def test_only_complete_trials_make_the_best_so_far(new_study):
    builder = new_study().trial(0, accuracy=0.8).trial(1, upto=4, accuracy=0.99).trial(2, accuracy=0.7).trial(3, accuracy=0.9)
    history = builder.trial(4, upto=5, outcome=JobOutcome.failed).history()
    record = optimization_history(history)
    first, last = history.trials[0].value_at(40), history.trials[3].value_at(40)
    assert record.best_so_far == ((0, first), (2, first), (3, last))
    assert (record.baseline, record.champion) == (first, 3)
    assert [point.fate for point in record.points] == [Fate.complete, Fate.paused, Fate.complete, Fate.complete, Fate.failed]
    assert record.points[4].value is None
    assert record.points[1].value == history.trials[1].value_at(4)


def test_the_best_loss_is_the_lowest(new_study):
    history = new_study(objective="loss").trial(0).trial(1).trial(2).history()
    values = [history.trials[number].value_at(40) for number in range(3)]
    record = optimization_history(history)
    assert [value for _, value in record.best_so_far] == [values[0], min(values[:2]), min(values)]
    assert record.value_label == "validation loss"


def test_a_study_in_its_first_epochs_says_that_there_is_nothing_yet(new_study):
    figure = draw_optimization_history(optimization_history(new_study().trial(0, upto=2, outcome=None).history()))
    assert [text.get_text() for text in figure.axes[0].texts] == ["no trial has passed a rung yet"]


def test_curves_have_roles_and_tell_what_was_saved(new_study):
    builder = new_study().trial(0, accuracy=0.8).trial(1, upto=4).trial(2, accuracy=0.9).trial(3, accuracy=0.7)
    record = rung_curves(builder.trial(4, upto=5, outcome=JobOutcome.failed).over().history())
    roles = [curve.role for curve in record.curves]
    assert roles == [Role.baseline, Role.unfinished, Role.champion, Role.complete, Role.failed]
    assert record.curves[1].shares == (1 / 40, 2 / 40, 3 / 40, 4 / 40)
    assert record.rung_shares == (4 / 40, 13 / 40)
    assert record.subtitle == "2 of 5 trials not trained to the end: 129 epochs instead of 200 (64 %)."


def test_rungs_of_short_and_long_trials_meet_at_equal_distances_from_the_end(new_study):
    builder = new_study().trial(0, epochs=10, rungs=[3, 10]).trial(1, epochs=90, rungs=[10, 30, 90])
    assert rung_curves(builder.history()).rung_shares == (10 / 90, (3 / 10 + 30 / 90) / 2)


def test_a_study_of_full_trainings_saved_nothing(new_study):
    assert rung_curves(new_study().trial(0).history()).subtitle == "Every trial was trained to its end."


def lr_study(new_study, num_trials, **changes):
    """Trials whose accuracy is decided by the learning rate alone."""
    builder = new_study(**changes)
    for number in range(num_trials):
        lr = 5e-4 * 10 ** (number / num_trials)
        params = {"optimizer.lr": lr, "model.dropout": (number * 7 % num_trials) / num_trials / 2}
        builder.trial(number, upto=4, accuracy=0.5 + number / num_trials / 2, params=params)
    return builder.history()


@pytest.fixture
def two_settings():
    from optuna.distributions import FloatDistribution

    return {"optimizer.lr": FloatDistribution(5e-4, 5e-3, log=True), "model.dropout": FloatDistribution(0, 0.5)}


def test_importance_finds_the_setting_that_decides(new_study, two_settings):
    found = importance(lr_study(new_study, 20), two_settings)
    assert isinstance(found, Importance)
    assert list(found.shares)[0] == "lr" and found.shares["lr"] > 0.7
    assert sum(found.shares.values()) == pytest.approx(1)


def test_importance_is_not_told_from_few_or_equal_trials(new_study, two_settings):
    few = importance(lr_study(new_study, 9), two_settings)
    assert few == NoImportance("it needs 10 trials that passed their first rung, and there are 9")
    history = lr_study(new_study, 12)
    for trial in history.trials.values():
        trial.reports[4].metrics["val/accuracy"] = 0.05
    equal = importance(history, two_settings)
    assert isinstance(equal, NoImportance) and "same score" in equal.reason


def test_importance_compares_scores_at_one_rung_only(new_study, two_settings):
    history = lr_study(new_study, 12)
    found = importance(history, two_settings)
    for trial in list(history.trials.values())[:3]:  # trained on to their ends: their first scores stay what they were
        for epoch in range(5, 41):
            trial.reports[epoch] = trial.reports[4]
    assert importance(history, two_settings) == found


def test_heights_on_parallel_axes():
    assert height_of(FloatRange(1e-4, 1e-2, log=True), 1e-3) == pytest.approx(0.5)
    assert height_of(IntRange(10, 20), 15) == 0.5
    assert [height_of(Choices((16, 32)), option) for option in (16, 32)] == [0.25, 0.75]
    assert [label for _, label in axis_ticks(FloatRange(1e-6, 1e-2, log=True))] == ["1e-06", "2.2e-05", "0.00046", "0.01"]


def test_the_scored_space_leaves_out_what_has_no_score(new_study):
    builder = new_study().trial(0, accuracy=0.8).trial(1, upto=2, outcome=None).trial(2, upto=4)
    record = scored_space(builder.trial(3, upto=5, outcome=JobOutcome.failed).history())
    assert [trial.number for trial in record.trials] == [0, 2]
    assert [trial.share_trained for trial in record.trials] == [1.0, 0.1]
    assert (record.baseline, record.champion) == (0, 0)


def test_slices_have_a_panel_per_setting_and_a_scale_like_the_setting(new_asha_study):
    panels = [axes for axes in draw_slices(scored_space(new_asha_study().history())).axes if axes.get_xlabel()]
    assert {axes.get_xlabel(): axes.get_xscale() for axes in panels} == {
        "lr": "log",
        "weight_decay": "log",
        "dropout": "linear",
        "batch_size": "linear",
        "epochs": "linear",
    }


def test_importing_the_room_is_cheap():
    heavy = "{'pandas', 'matplotlib', 'optuna', 'torch'}"
    code = f"import sys, sweep.analysis.artifacts, sweep.analysis.compare; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
