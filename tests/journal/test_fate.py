from __future__ import annotations

from tests.journal.sample import created, ended, opened, sitting, started, trained

from sweep.journal.events import EndReason, Event, JobOutcome, SittingEnded
from sweep.journal.fate import Fate, concluded, fate_of, is_put_down
from sweep.journal.history import History, fold
from sweep.journal.journal import Entry

STUDY: list[Event] = [
    *trained(0, [0.1] * 9),
    *trained(1, [0.1] * 3),
    created(2),
    started(2),
    ended(2, 1, JobOutcome.failed),
    created(3),
    started(3),
    ended(3, 1, JobOutcome.interrupted),
    created(4),
    started(4),
    created(5),
]


def told(*after: Event) -> History:
    return fold(Entry(seq, float(seq), event) for seq, event in enumerate([opened(), sitting(), *STUDY, *after]))


def fates(history: History) -> list[Fate]:
    return [fate_of(history, trial) for _, trial in sorted(history.trials.items())]


def test_while_the_study_can_go_on_a_fate_is_the_state() -> None:
    expected = [Fate.complete, Fate.paused, Fate.failed, Fate.interrupted, Fate.running, Fate.waiting]
    assert fates(told()) == expected
    assert fates(told(SittingEnded(reason=EndReason.interrupted))) == expected


def test_a_spent_budget_stops_what_is_unfinished_until_the_study_is_taken_up_again() -> None:
    over = SittingEnded(reason=EndReason.budget)
    assert fates(told(over)) == [Fate.complete, Fate.stopped, Fate.failed, Fate.stopped, Fate.stopped, Fate.stopped]
    assert fates(told(over, sitting()))[:2] == [Fate.complete, Fate.paused]


def test_what_is_written_last_speaks_of_a_study_that_is_over() -> None:
    history = told()
    assert fates(concluded(history))[1] is Fate.stopped
    assert fates(history)[1] is Fate.paused


def test_a_study_is_put_down_by_either_end_and_taken_up_by_a_sitting() -> None:
    for reason in EndReason:
        assert is_put_down(told(SittingEnded(reason=reason)))
        assert not is_put_down(told(SittingEnded(reason=reason), sitting()))
    assert not is_put_down(told())
