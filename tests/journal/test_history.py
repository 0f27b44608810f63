from __future__ import annotations

import pytest
from tests.journal.sample import created, ended, opened, reported, scored, sitting, started, trained

from sweep.errors import JournalError
from sweep.journal.events import ArtifactsWritten, EndReason, Event, JobOutcome, SittingEnded
from sweep.journal.history import History, Trial, TrialState, fold
from sweep.journal.journal import Entry


def told(*events: Event, objective: str = "accuracy", gap_s: float = 1.0) -> History:
    """The history of a study that was opened and taken up, one event every `gap_s` seconds."""
    everything = [opened(objective), sitting(), *events]
    return fold(Entry(seq, seq * gap_s, event) for seq, event in enumerate(everything))


def first(*events: Event) -> Trial:
    return told(*events).trials[0]


def test_a_created_trial_waits() -> None:
    trial = first(created(0, rungs=(3, 9)))
    assert trial.state is TrialState.waiting
    assert (trial.epochs, trial.rungs, trial.attempts, trial.epochs_done) == (9, (3, 9), 0, 0)


def test_a_started_job_runs_to_its_target() -> None:
    trial = first(created(), started(attempt=1, last_epoch=3))
    assert trial.state is TrialState.running
    assert (trial.target_epoch, trial.attempts) == (3, 2)


@pytest.mark.parametrize(
    ("outcome", "epoch", "state"),
    [
        (JobOutcome.reached, 3, TrialState.paused),
        (JobOutcome.reached, 9, TrialState.complete),
        (JobOutcome.stopped_early, 2, TrialState.complete),
        (JobOutcome.interrupted, 2, TrialState.interrupted),
        (JobOutcome.failed, 2, TrialState.failed),
        (JobOutcome.died, 2, TrialState.waiting),
    ],
)
def test_an_outcome_leads_to_a_state(outcome: JobOutcome, epoch: int, state: TrialState) -> None:
    trial = first(created(rungs=(3, 9)), started(), ended(epoch=epoch, outcome=outcome, reason="NaN"))
    assert trial.state is state
    assert trial.failure == ("NaN" if outcome is JobOutcome.failed else "")
    assert trial.deaths == (1 if outcome is JobOutcome.died else 0)


def test_only_complete_and_failed_trials_are_finished() -> None:
    assert {state for state in TrialState if state.is_finished} == {TrialState.complete, TrialState.failed}


def test_deaths_count_in_a_row() -> None:
    died = (started(), ended(outcome=JobOutcome.died))
    assert first(created(), *died, *died).deaths == 2
    assert first(created(), *died, started(), ended(outcome=JobOutcome.interrupted)).deaths == 0


def test_a_trial_whose_driver_was_killed_waits_for_another() -> None:
    trial = first(created(), started(last_epoch=3), reported(epoch=1), sitting())
    assert trial.state is TrialState.waiting
    assert (trial.target_epoch, trial.epochs_done) == (3, 1)


def test_a_paused_trial_stays_paused_over_a_restart() -> None:
    assert first(*trained(0, [0.1, 0.2, 0.3]), sitting()).state is TrialState.paused


def test_replicates_change_nothing_of_the_trial() -> None:
    events = trained(0, [0.1, 0.2, 0.3])
    replicate = (started(replicate=1), reported(epoch=4, replicate=1), ended(epoch=9, replicate=1))
    assert first(*events, *replicate) == first(*events)


def test_reports_are_counted_once_per_epoch() -> None:
    history = told(created(0), created(1), reported(0, 1), reported(1, 1), reported(1, 2))
    assert history.epochs_trained == 3
    assert history.trials[1].reports[2].timings == {"epoch_s": 1.5}


def test_rungs_are_passed_with_a_score() -> None:
    trial = first(*trained(0, [0.1, 0.2, 0.3, 0.4], rungs=(3, 5, 9)))
    assert trial.rungs_passed == (3,)
    assert trial.rungs_ahead == 2


def test_a_lower_loss_scores_higher() -> None:
    history = told(*trained(0, [0.9], rungs=(1,), loss=2.0), *trained(1, [0.1], rungs=(1,), loss=1.0), objective="loss")
    assert (history.trials[0].value_at(1), history.trials[0].score_at(1)) == (2.0, -2.0)
    assert [trial.number for trial in history.ranked()] == [1, 0]


def test_ties_go_to_the_lower_loss_then_to_the_earlier_trial() -> None:
    history = told(
        *trained(0, [0.5], rungs=(1,), loss=2.0),
        *trained(1, [0.5], rungs=(1,), loss=1.0),
        *trained(2, [0.5], rungs=(1,), loss=1.0),
    )
    assert [trial.number for trial in history.ranked()] == [1, 2, 0]


def test_a_complete_trial_stands_above_one_that_is_not() -> None:
    """Even a short one, which had fewer rungs to pass, above one that passed more."""
    history = told(
        *trained(0, [0.1, 0.2, 0.95, 0.96], rungs=(3, 4, 9)),
        *trained(1, [0.1, 0.2, 0.3], rungs=(3,)),
        *trained(2, [0.1, 0.2, 0.99], rungs=(3, 4, 9)),
        created(3),
    )
    assert [trial.number for trial in history.ranked()] == [1, 0, 2]
    best = history.best()
    assert best is not None and best.number == 1


def ended_early(trial: int, accuracies: list[float], rungs: tuple[int, ...] = (3, 5, 9)) -> list[Event]:
    *events, _ = trained(trial, accuracies, rungs)
    return [*events, ended(trial, len(accuracies), JobOutcome.stopped_early)]


@pytest.mark.parametrize(("epochs", "rungs"), [(2, (2, 2, 2)), (3, (3, 3, 3)), (4, (3, 4, 4)), (7, (3, 5, 7))])
def test_a_trial_that_ended_early_has_its_last_score_at_the_rungs_it_did_not_come_to(epochs: int, rungs: tuple[int, ...]) -> None:
    trial = first(*ended_early(0, [0.1 * epoch for epoch in range(1, epochs + 1)]))
    assert (trial.state, trial.ended_early, trial.failure) == (TrialState.complete, True, "")
    assert (trial.rungs, trial.rungs_passed, trial.rungs_ahead) == (rungs, rungs, 0)
    assert (trial.epochs, trial.epochs_done) == (9, epochs)


def test_a_trial_that_ended_early_is_ranked_among_those_trained_to_their_end() -> None:
    history = told(
        *trained(0, [0.5] * 9, rungs=(3, 5, 9)),
        *trained(1, [0.9] * 5, rungs=(3, 5, 9)),
        *ended_early(2, [0.3, 0.7, 0.6, 0.6]),
        *ended_early(3, [0.3, 0.4]),
    )
    assert [trial.number for trial in history.ranked()] == [2, 0, 3, 1]
    best = history.best()
    assert best is not None and best.value_at(best.epochs_done) == 0.6
    assert history.epochs_trained == 9 + 5 + 4 + 2
    assert [trial.ended_early for trial in history.trials.values()] == [False, False, True, True]


def test_failed_trials_are_not_ranked() -> None:
    events: list[Event] = [created(0, (3, 9)), *(reported(0, epoch) for epoch in (1, 2, 3)), ended(0, 4, JobOutcome.failed)]
    assert told(*events).ranked() == []
    assert told(*events).best() is None


def test_hours_are_those_somebody_worked() -> None:
    """The time between two sittings does not count, whether the first was put down or killed."""
    times: list[tuple[float, Event]] = [
        (0.0, opened()),
        (0.0, sitting()),
        (3600.0, created()),
        (90_000.0, sitting()),
        (93_600.0, SittingEnded(reason=EndReason.interrupted)),
        (200_000.0, sitting()),
        (201_800.0, SittingEnded(reason=EndReason.budget)),
    ]
    history = fold(Entry(seq, time, event) for seq, (time, event) in enumerate(times))
    assert history.hours_spent == 2.5


def test_a_study_is_over_when_its_last_sitting_spent_the_budget() -> None:
    over = SittingEnded(reason=EndReason.budget, summary="done")
    assert not told().is_over
    assert told(over).is_over
    assert told(over).summary == "done"
    assert not told(over, sitting()).is_over
    assert not told(SittingEnded(reason=EndReason.interrupted)).is_over


def test_artifacts_and_test_scores_are_kept_by_trial() -> None:
    history = told(
        *trained(0, [0.1]),
        ArtifactsWritten(trial=0, files=["trials/0000/evaluation.json"]),
        ArtifactsWritten(trial=None, files=["report/report.md"]),
        scored(),
    )
    assert history.artifacts == {0: ("trials/0000/evaluation.json",), None: ("report/report.md",)}
    assert history.test_scores == {0: {"test/accuracy": 0.5}}


def test_artifacts_of_a_trial_that_went_on_are_outdated() -> None:
    outdated = ArtifactsWritten(trial=0, files=["trials/0000/evaluation.json"])
    assert told(*trained(0, [0.1]), outdated, started(last_epoch=9), ended(epoch=9)).artifacts == {}


@pytest.mark.parametrize("events", [[], [sitting()]])
def test_a_journal_begins_with_the_opening_of_a_study(events: list[Event]) -> None:
    with pytest.raises(JournalError, match="does not begin with the opening of a study"):
        fold(Entry(seq, 0.0, event) for seq, event in enumerate(events))
