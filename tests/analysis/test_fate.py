from __future__ import annotations

from sweep.analysis.fate import fate_words
from sweep.journal.events import JobOutcome
from sweep.journal.fate import concluded


def words(history):
    return [fate_words(history, trial) for _, trial in sorted(history.trials.items())]


def test_a_trial_at_a_rung_is_paused_until_the_study_is_over(new_study):
    builder = new_study().trial(0).trial(1, epochs=36, upto=4)
    assert words(builder.history()) == ["complete", "paused at epoch 4 of 36"]
    assert words(builder.over().history()) == ["complete", "stopped at epoch 4 of 36"]


def test_what_is_written_last_speaks_of_a_study_that_is_over(new_study):
    history = new_study().trial(0).trial(1, epochs=36, upto=4).history()
    assert words(concluded(history)) == ["complete", "stopped at epoch 4 of 36"]
    assert not history.is_over


def test_a_trial_that_ended_early_says_where(new_study):
    history = new_study().trial(0, upto=12, outcome=JobOutcome.stopped_early).history()
    assert words(history) == ["complete (early, epoch 12 of 40)"] == words(concluded(history))


def test_running_interrupted_waiting_and_lost_trials(new_study):
    builder = new_study().trial(0, upto=2, outcome=None).trial(1, upto=7, outcome=JobOutcome.interrupted)
    builder.trial(2, upto=0, outcome=JobOutcome.died)
    assert words(builder.history()) == ["running at epoch 2 of 40", "interrupted at epoch 7 of 40", "waiting"]
    assert words(builder.over().history())[2] == "never started"


def test_a_failure_is_told_on_one_line(new_study):
    builder = new_study().trial(0, upto=3, outcome=JobOutcome.failed, reason="out of memory\non the device")
    assert words(builder.history()) == [r"failed at epoch 3: out of memory\non the device"]
