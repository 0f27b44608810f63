from __future__ import annotations

import pytest

from sweep.analysis.cautions import cautions
from sweep.analysis.evaluation import read_evaluation
from sweep.analysis.naming import OBJECTIVE_LABELS
from sweep.analysis.report import MAX_CHARS, summary
from sweep.journal.events import JobOutcome


def test_the_result_is_champion_against_baseline_and_test(new_asha_study):
    history = new_asha_study().over().tested(8).history()
    best, baseline = history.best(), history.trials[0]
    text = summary(history)
    assert f"Champion: trial {best.number}" in text
    assert f"{best.value_at(best.epochs):.4f}" in text and f"{baseline.value_at(40):.4f}" in text
    assert "accuracy **0.9333** (95 % interval 0.897 to 0.957)" in text
    assert "1 failed" in text and "8 stopped" in text and "3 complete" in text
    in_full = sum(trial.epochs for trial in history.trials.values())
    assert f"{history.epochs_trained} epochs trained, {100 * history.epochs_trained / in_full:.0f} % of the {in_full}" in text
    assert f"python -m sweep reproduce best --study {history.opened.study}" in text


def test_the_network_and_its_size_are_named(new_study):
    assert "- Network: mnv3_small, 1.54 M parameters, 6.2 MB as fp32." in summary(new_study().trial(0).history())
    searched = {"model.width_mult": {"low": 0.5, "high": 1.0}}
    wide = new_study(space=searched, baseline={"model.width_mult": 1.0}).trial(0).history()
    assert "- Network at the baseline's width: mnv3_small" in summary(wide)
    assert "Network" not in summary(new_study(network={}).trial(0).history())


def test_top_5_accuracy_is_named_where_there_are_classes_enough(new_study):
    builder = new_study().trial(0).tested(0)
    top5 = builder.history().trials[0].reports[40].metrics["val/top5_accuracy"]
    assert f"**, top-5 accuracy {top5:.4f}, after 40 epochs" in summary(builder.history())
    builder.events[-1].metrics["test/top5_accuracy"] = 0.9876
    assert "macro-F1 0.9321, top-5 accuracy 0.9876, loss 0.3100." in summary(builder.history())
    assert "top-5" not in summary(new_study(classes=["c"] * 9).trial(0).tested(0).history())


def test_a_champion_that_ended_early_says_where(new_study):
    builder = new_study().trial(0, accuracy=0.5).trial(1, upto=30, outcome=JobOutcome.stopped_early)
    history = builder.over().tested(1).history()
    text = summary(history)
    value = history.trials[1].value_at(30)
    assert f"Champion: trial 1**, validation accuracy **{value:.4f}**" in text
    kept = history.trials[1].value_at(28)
    assert f"after 30 of 40 epochs, where it ended early, weights of epoch 28 ({kept:.4f})" in text
    assert "70 epochs trained, 88 % of the 80" in text
    assert "| complete (early, epoch 30 of 40) |" in text


@pytest.mark.parametrize("objective", ["accuracy", "macro_f1", "loss"])
def test_every_objective_is_named_and_decides(new_study, objective):
    history = new_study(objective=objective).trial(0, accuracy=0.8).trial(1, accuracy=0.9).history()
    text, best = summary(history), history.best()
    label = OBJECTIVE_LABELS[objective]
    assert f"Champion: trial {best.number}**, {label} **{best.value_at(40):.4f}**" in text
    assert f"objective {label}" in text
    values = [trial.value_at(40) for trial in history.trials.values()]
    assert best.value_at(40) == (min(values) if objective == "loss" else max(values))


def test_what_was_searched_is_named(new_study):
    text = summary(new_study(overrides=["model=mnv3_small", "optimizer.momentum=0.8"]).trial(0).history())
    assert "| optimizer.lr | 0.0005 to 0.005 (logarithmic) | 0.001 |" in text
    assert "| train.batch_size | 16, 32, 48 | 48 |" in text
    assert "optimizer.momentum=0.8" in text and "Regime small" in text and "sha256 0123456789ab" in text


def test_near_trials_are_said_to_be_near(new_study):
    near = new_study().trial(0, accuracy=0.90).trial(1, accuracy=0.91).history()
    assert any("trial 0 cannot be told from trial 1" in line for line in cautions(near))
    far = new_study().trial(0, accuracy=0.5).trial(1, accuracy=0.91).history()
    assert any("more than chance explains" in line for line in cautions(far))


def test_one_accuracy_has_its_interval(new_study):
    lines = cautions(new_study(val=100).trial(0, accuracy=0.9).history())
    assert any("100 validation pictures" in line and "±0.0" in line for line in lines)


def test_drawn_pictures_scratch_and_unreadable_files_are_named(new_study):
    plain = " ".join(cautions(new_study().trial(0).history()))
    warned = " ".join(cautions(new_study(drawn=True, weights="none", unreadable=3).trial(0).history()))
    for words in ("drawn by the program", "from scratch", "3 pictures could not be read"):
        assert words in warned and words not in plain


def test_missing_importance_is_explained(new_study, new_asha_study):
    assert any("needs 10 trials" in line for line in cautions(new_study().trial(0).history()))
    assert not any("importance" in line for line in cautions(new_asha_study().history()))


def test_nothing_but_the_baseline_survived(new_study):
    builder = new_study().trial(0, accuracy=0.8)
    for number in range(1, 4):
        builder.trial(number, upto=2, outcome=JobOutcome.failed, reason="the loss became NaN")
    assert "The champion is the baseline" in summary(builder.over().history())


def test_a_study_without_a_complete_trial_says_so(new_study):
    assert "No trial has been trained to its end" in summary(new_study().trial(0, upto=4).history())
    assert "No trials yet" in summary(new_study().history())


def test_a_baseline_that_failed_is_not_compared(new_study):
    builder = new_study().trial(0, upto=2, outcome=JobOutcome.failed).trial(1)
    assert "baseline (trial 0) was not trained to its end" in summary(builder.history())


def test_the_hardest_classes_are_those_of_the_evaluation(new_study, tmp_path, write_evaluation):
    write_evaluation(tmp_path, ["cat", "dog", "newt", "owl", "ant", "bee"])
    text = summary(new_study().trial(0).history(), read_evaluation(tmp_path))
    section = text.partition("hardest classes")[2].partition("##")[0]
    assert section.count("\n|") == 7


def test_the_text_is_never_longer_than_a_run_description_may_be(new_study):
    space = {f"augment.zoom{index}" if index else "optimizer.lr": {"low": 0.1, "high": 0.9, "log": False} for index in range(60)}
    names = ["x" * 300 + f"={'y' * 300}" for _ in range(20)]
    builder = new_study(space=space, baseline=dict.fromkeys(space, 0.123456), overrides=names, study="s" * 150)
    for number in range(12):
        builder.trial(number, upto=6, outcome=JobOutcome.failed, reason="out of memory " * 100)
    text = summary(builder.trial(12).history())
    assert len(text) <= MAX_CHARS
    assert "How far to trust this" in text


def test_a_test_split_that_was_used_more_than_once_is_said_to_be(new_asha_study):
    assert "times, once for each trial" not in summary(new_asha_study().over().tested(8).history())
    assert "The test split was used 2 times" in summary(new_asha_study().over().tested(0).over().tested(8).history())
