"""The records that the figures draw."""

from __future__ import annotations

import itertools
import math
import random
import subprocess
import sys

import pytest
from tests.analysis.conftest import MIXED_BASELINE, MIXED_SPACE

from sweep.analysis.figures.importance import Importance, NoImportance, importance
from sweep.analysis.figures.learning_curve import draw_learning_curve, learning_curve
from sweep.analysis.figures.optimization_history import draw_optimization_history, optimization_history
from sweep.analysis.figures.parallel import axis_ticks, draw_parallel_coordinates, height_of, heights_of
from sweep.analysis.figures.rungs import Role, draw_rung_curves, rung_curves
from sweep.analysis.figures.scored import scored_space
from sweep.analysis.figures.slices import draw_slices
from sweep.analysis.naming import OBJECTIVE_LABELS, short_names
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


def test_a_trial_that_ended_early_is_complete_and_its_end_is_no_rung(new_study):
    builder = new_study().trial(0, accuracy=0.5).trial(1, upto=4).trial(2, upto=30, outcome=JobOutcome.stopped_early)
    history = builder.trial(3, upto=3, accuracy=0.3, outcome=JobOutcome.stopped_early).over().history()
    record = rung_curves(history)
    assert [curve.role for curve in record.curves] == [Role.baseline, Role.unfinished, Role.champion, Role.complete]
    assert record.curves[2].shares[-1] == 30 / 40
    assert record.rung_shares == (4 / 40, 13 / 40)
    assert record.subtitle == "1 of 4 trials not trained to the end, 2 ended early: 77 epochs instead of 160 (48 %)."
    assert [point.fate for point in optimization_history(history).points[1:]] == [Fate.stopped, Fate.complete, Fate.complete]
    scored = {trial.number: trial for trial in scored_space(history).trials}
    assert (scored[2].share_trained, scored[2].is_complete) == (30 / 40, True)
    curve = learning_curve(history, history.trials[2])
    assert curve.title == "Trial 2: complete (early, epoch 30 of 40)"
    assert curve.rungs == (4, 13, 30)
    assert draw_learning_curve(curve).axes[0].get_xlim()[1] < 32
    drawn = draw_rung_curves(record).axes[0]
    assert [line for line in drawn.lines if line.get_marker() == "o" and list(line.get_xdata()) == [75]], "a dot at its end"


def test_a_study_in_which_all_ended_early_says_so(new_study):
    record = rung_curves(new_study().trial(0, upto=10, outcome=JobOutcome.stopped_early).history())
    assert record.subtitle == "1 of 1 trial ended early: 10 epochs instead of 40 (25 %)."
    assert record.rung_shares == ()


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


def test_importance_finds_the_setting_that_decides(new_study):
    found = importance(lr_study(new_study, 20))
    assert isinstance(found, Importance)
    first, *others = found.effects
    assert (first.setting, first.may_be_chance) == ("lr", False) and first.share > 0.7
    assert all(effect.may_be_chance and effect.share < 0.1 for effect in others)


def test_importance_is_not_told_from_few_or_equal_trials(new_study):
    few = importance(lr_study(new_study, 9))
    assert few == NoImportance("it needs 10 trials that passed their first rung, and there are 9")
    history = lr_study(new_study, 12)
    for trial in history.trials.values():
        trial.reports[4].metrics["val/accuracy"] = 0.05
    equal = importance(history)
    assert isinstance(equal, NoImportance) and "same score" in equal.reason


def test_importance_compares_scores_at_one_rung_only(new_study):
    history = lr_study(new_study, 12)
    found = importance(history)
    for trial in list(history.trials.values())[:3]:  # trained on to their ends: their first scores stay what they were
        for epoch in range(5, 41):
            trial.reports[epoch] = trial.reports[4]
    assert importance(history) == found


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


def test_trials_of_one_option_lie_side_by_side_and_nearest_to_their_option(new_mixed_study):
    record = scored_space(new_mixed_study().history())
    options = record.space["optimizer.name"].options
    heights = heights_of(record, "optimizer.name")
    assert len(set(heights.values())) == len(heights) == 16
    for trial in record.trials:
        distances = [abs(heights[trial.number] - height_of(Choices(options), option)) for option in options]
        assert options[distances.index(min(distances))] == trial.params["optimizer.name"]
    assert set(record.offsets("optimizer.lr").values()) == {0.0}


def test_null_true_and_false_are_options_as_people_type_them(new_mixed_study):
    record = scored_space(new_mixed_study().history())
    assert [label for _, label in axis_ticks(record.space["train.clip_norm"])] == ["none", "1", "5"]
    assert [label for _, label in axis_ticks(record.space["optimizer.nesterov"])] == ["true", "false"]


def within(labels, limits, side):
    """The tick labels that are drawn: matplotlib has some beyond the ends of the axis too."""
    return [label for label in labels if limits[0] <= label.get_position()[side] <= limits[1]]


def overlapping(texts):
    """Pairs of texts that are drawn one over the other."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text() and text.get_visible()]
    return [(one, other) for (one, a), (other, b) in itertools.combinations(boxes, 2) if a.overlaps(b)]


def test_no_label_of_a_mixed_space_lies_over_another_or_is_cut_off(new_mixed_study):
    record = scored_space(new_mixed_study().history())
    for figure in (draw_slices(record), draw_parallel_coordinates(record)):
        figure.draw_without_rendering()
        for axes in figure.axes:
            ticks = [*within(axes.get_xticklabels(), axes.get_xlim(), 0), *within(axes.get_yticklabels(), axes.get_ylim(), 1)]
            assert not overlapping([*ticks, axes.xaxis.label])
            for text in (*ticks, *axes.texts, axes.xaxis.label):
                if text.get_text():
                    box = text.get_window_extent()
                    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, text.get_text()


def test_of_very_many_settings_some_are_said_not_to_be_shown(new_study):
    rates = ("mixup", "cutmix", "flip", "jitter", "shear", "shift", "zoom")
    space = {f"augment.{name}": {"low": 0.0, "high": 0.5, "log": False} for name in rates}
    space |= {f"optimizer.{name}": {"low": 0.1, "high": 0.5, "log": False} for name in ("lr", "momentum", "backbone_lr_scale")}
    space |= {f"finetune.{name}": {"low": 0.1, "high": 0.5, "log": False} for name in ("top_share", "lr_scale", "frozen_share")}
    space["train.label_smoothing"] = {"low": 0.1, "high": 0.5, "log": False}
    record = scored_space(new_study(space=space, baseline=dict.fromkeys(space, 0.3)).trial(0).history())
    for figure, words in ((draw_slices(record), "2 more settings"), (draw_parallel_coordinates(record), "1 more setting ")):
        assert any(words in text.get_text() for text in figure.texts)


def test_importance_is_told_over_a_mixed_space(new_mixed_study):
    history = new_mixed_study().history()
    found = importance(history)
    assert isinstance(found, Importance)
    assert found.effects[0].setting == "optimizer.name" and not found.effects[0].may_be_chance
    assert found.effects[0].share > 2 * found.effects[1].share
    assert {effect.setting for effect in found.effects} == set(short_names(history.opened.space).values())


def test_a_setting_without_effect_is_rarely_taken_for_one_that_has(new_study):
    clear = []
    for seed in range(40):
        scores = random.Random(seed)
        builder = new_study(space=MIXED_SPACE, baseline=MIXED_BASELINE)
        for number in range(14):
            params = {path: scores.choice(keys["choices"]) for path, keys in MIXED_SPACE.items() if "choices" in keys}
            builder.trial(number, params=params, upto=4, accuracy=scores.uniform(0.3, 0.9))
        found = importance(builder.history())
        assert isinstance(found, Importance)
        clear += [not effect.may_be_chance for effect in found.effects if effect.setting not in ("lr", "dropout")]
    assert sum(clear) / len(clear) < 0.08


def test_a_setting_that_no_trial_varied_explains_nothing(new_study):
    history = lr_study(new_study, 12)
    found = importance(history)
    assert isinstance(found, Importance)
    same = next(effect for effect in found.effects if effect.setting == "batch_size")
    assert (same.share, same.may_be_chance) == (0.0, True)


@pytest.mark.parametrize("objective", ["accuracy", "macro_f1", "loss"])
def test_every_figure_names_the_objective(new_mixed_study, objective):
    history = new_mixed_study(objective=objective).history()
    label = OBJECTIVE_LABELS[objective]
    record = scored_space(history)
    assert (record.value_label, record.higher_is_better) == (label, objective != "loss")
    assert optimization_history(history).value_label == rung_curves(history).value_label == label
    assert draw_slices(record).axes[0].get_ylabel() == label
    names = [text.get_text() for text in draw_parallel_coordinates(record).axes[0].get_xticklabels()]
    assert names[-1].replace("\n", " ") == label
    found = importance(history)
    assert isinstance(found, Importance) and f"by {label} there" in found.subtitle


def test_importing_the_room_is_cheap():
    heavy = "{'pandas', 'matplotlib', 'optuna', 'torch'}"
    code = f"import sys, sweep.analysis.artifacts, sweep.analysis.compare; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
