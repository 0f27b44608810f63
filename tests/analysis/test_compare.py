from __future__ import annotations

import math

from sweep.analysis.compare import TrialRun, Verdict, compare_environments, compare_runs


def run(accuracies, weights="aa", environment=None, loss=0.5):
    metrics = {epoch: {"val/accuracy": value, "val/loss": loss} for epoch, value in enumerate(accuracies, 1)}
    return TrialRun(metrics, weights, environment or {})


def test_the_same_numbers_and_weights_are_identical():
    found = compare_runs(run([0.5, 0.9]), run([0.5, 0.9]), 300)
    assert found.verdict is Verdict.identical and found.verdict.exit_code == 0
    assert (found.first_differing_epoch, found.metrics, found.same_weights, found.epochs) == (None, (), True, (2, 2))


def test_one_bit_is_a_difference_even_where_it_is_noise():
    found = compare_runs(run([0.5, 0.9]), run([0.5, math.nextafter(0.9, 1)]), 300)
    assert found.verdict is Verdict.within_noise and found.verdict.exit_code == 3
    assert found.first_differing_epoch == 2


def test_a_large_difference_at_the_end_differs():
    found = compare_runs(run([0.5, 0.9]), run([0.4, 0.7]), 300)
    assert found.verdict is Verdict.differs and found.verdict.exit_code == 4
    assert found.first_differing_epoch == 1
    (only,) = found.metrics
    assert (only.name, only.epoch, round(only.max_abs, 9)) == ("val/accuracy", 2, 0.2)


def test_other_weights_behind_equal_numbers_are_told():
    found = compare_runs(run([0.9], "aa"), run([0.9], "bb"), 300)
    assert (found.verdict, found.same_weights) == (Verdict.within_noise, False)


def test_weights_whose_hash_is_unknown_are_said_not_to_be_compared():
    found = compare_runs(run([0.9], None), run([0.9]), 300)
    assert (found.verdict, found.same_weights, found.not_compared) == (Verdict.identical, None, ("weights",))
    assert compare_runs(run([0.9]), run([0.9], "bb"), 300).not_compared == ()


def test_a_missing_epoch_differs():
    found = compare_runs(run([0.5, 0.9]), run([0.5]), 300)
    assert (found.verdict, found.epochs, found.first_differing_epoch) == (Verdict.differs, (2, 1), None)
    assert compare_runs(run([0.5]), run([]), 300).verdict is Verdict.differs


def test_nan_equals_nan_and_nothing_else():
    assert compare_runs(run([0.9], loss=math.nan), run([0.9], loss=math.nan), 300).verdict is Verdict.identical
    found = compare_runs(run([0.9], loss=math.nan), run([0.9], loss=0.5), 300)
    assert [(one.name, one.max_abs) for one in found.metrics] == [("val/loss", math.inf)]


def test_an_accuracy_that_only_one_run_has_differs():
    without = TrialRun({1: {"val/loss": 0.5}}, "aa", {})
    assert compare_runs(without, run([0.9]), 300).verdict is Verdict.differs
    assert compare_runs(run([0.9]), without, 300).verdict is Verdict.differs


def test_the_largest_difference_comes_first():
    found = compare_runs(run([0.5, 0.9]), run([0.5, 0.91], loss=0.9), 300)
    assert [one.name for one in found.metrics] == ["val/loss", "val/accuracy"]


def test_surroundings_are_compared_by_name():
    old = {"packages": {"torch": "2.14", "gone": "1"}, "threads": 2, "hardware": {"cpu": "x", "gpu": None}}
    new = {"packages": {"torch": "2.15"}, "threads": 1, "hardware": {"cpu": "x"}}
    changes = compare_environments(old, new)
    assert [str(change) for change in changes] == [
        "hardware.gpu: None → absent",
        "packages.gone: 1 → absent",
        "packages.torch: 2.14 → 2.15",
        "threads: 2 → 1",
    ]
