from __future__ import annotations

from dataclasses import replace

import pytest

from sweep.analysis.noise import Interval
from sweep.analysis.studies import best_first, distinguishing, spread, study_result
from sweep.journal.events import JobOutcome


def test_a_study_is_told_apart_by_what_the_others_were_not_told():
    overrides = [("model=mnv3_small", "data=plants", "seed=1"), ("model=resnet18", "data=plants", "seed=1")]
    assert distinguishing(overrides) == [("model=mnv3_small",), ("model=resnet18",)]
    assert distinguishing([("seed=1",), ("seed=2", "model=resnet18"), ("seed=1",)]) == [
        ("seed=1",),
        ("seed=2", "model=resnet18"),
        ("seed=1",),
    ]
    assert distinguishing([("seed=1",), ("seed=1",)]) == [(), ()]


def test_a_study_came_to_what_its_best_trial_came_to(new_study):
    history = new_study().trial(0, accuracy=0.8).trial(1, accuracy=0.9).trial(2, upto=4).tested(0).tested(1).over().history()
    result = study_result(history, ("seed=1",))
    assert (result.settings, result.study, result.num_trials) == (("seed=1",), history.opened.study, 3)
    assert result.value == history.trials[1].value_at(40)
    assert (result.test_accuracy, result.test_interval) == (0.9333, Interval(0.897, 0.957))
    assert (result.parameters, result.size_mb) == (1_540_000, 6.24)
    assert result.hours == history.hours_spent > 0


def test_the_best_trial_may_have_ended_early(new_study):
    history = new_study().trial(0, accuracy=0.5).trial(1, upto=30, outcome=JobOutcome.stopped_early).history()
    assert study_result(history, ()).value == history.trials[1].value_at(30)


def test_what_is_not_known_is_none(new_study):
    result = study_result(new_study(network={}).trial(0, upto=4).history(), ())
    unknown = (result.value, result.test_accuracy, result.test_interval, result.parameters, result.size_mb)
    assert unknown == (None,) * 5
    untested = study_result(new_study().trial(0).tested(3).history(), ())
    assert untested.value is not None and untested.test_accuracy is None


def results_of(new_study, accuracies, key="seed", **changes):
    """Studies that differ in `key` alone; None: no trial has come to its end."""
    found = []
    for number, accuracy in enumerate(accuracies):
        builder = new_study(**changes).trial(0, accuracy=accuracy or 0.1, upto=4 if accuracy is None else None)
        found.append(study_result(builder.history(), (f"{key}={number}",)))
    return found


@pytest.mark.parametrize("objective", ["accuracy", "macro_f1"])
def test_the_best_study_comes_first_and_those_without_a_result_last(new_study, objective):
    ordered = best_first(results_of(new_study, [0.7, None, 0.9, 0.8], objective=objective))
    assert [result.settings[0] for result in ordered] == ["seed=2", "seed=3", "seed=0", "seed=1"]


def test_the_lowest_loss_comes_first(new_study):
    result = study_result(new_study(objective="loss").trial(0).history(), ())
    ordered = best_first([replace(result, value=value) for value in (1.7, 0.2, 0.9)])
    assert [result.value for result in ordered] == [0.2, 0.9, 1.7]


def test_studies_with_different_objectives_are_not_ranked(new_study):
    mixed = [*results_of(new_study, [0.5]), *results_of(new_study, [0.9], objective="macro_f1")]
    assert best_first(mixed) == mixed


@pytest.mark.parametrize("key", ["data.fold", "seed"])
def test_repeats_have_a_mean_and_the_deviation_of_a_sample(new_study, key):
    results = results_of(new_study, [0.7, 0.8, 0.9], key)
    values = [result.value for result in results]
    found = spread(results)
    centre = sum(values) / 3
    assert found.mean == pytest.approx(centre)
    assert found.deviation == pytest.approx((sum((value - centre) ** 2 for value in values) / 2) ** 0.5)
    assert (found.count, found.over, found.objective) == (3, key, "accuracy")


def test_only_what_came_to_a_result_counts_and_one_alone_has_no_spread(new_study):
    found = spread(results_of(new_study, [0.7, None, 0.9]))
    assert found is not None and found.count == 2
    assert spread(results_of(new_study, [0.7, None])) is None


def test_studies_that_differ_in_anything_else_are_no_repeats(new_study):
    assert spread(results_of(new_study, [0.7, 0.8], "model")) is None
    assert spread(results_of(new_study, [0.7, 0.8], "data.folds")) is None
    assert spread([study_result(new_study().trial(0).history(), ()) for _ in range(2)]) is None
    both = [study_result(new_study().trial(0).history(), (f"seed={n}", f"data.fold={n}")) for n in range(2)]
    assert spread(both).over == "seed and data.fold"
