from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from sweep.errors import TrackingError
from sweep.journal.events import EndReason, SittingEnded
from sweep.journal.journal import Entry
from sweep.mirrors import pump as pump_module
from sweep.mirrors.pump import MirrorPump


class MemoryMirror:
    """Keeps what it is given; `trouble` is raised instead while it is set."""

    name = "memory"

    def __init__(self) -> None:
        self.cursor = 0
        self.delivered: list[int] = []
        self.trouble: Exception | None = None
        self.calls = 0
        self.closed_in: str | None = None
        self.is_abandoned = False

    def catch_up(self, entries: Sequence[Entry]) -> None:
        self.calls += 1
        if self.trouble:
            raise self.trouble
        self.delivered += [entry.seq for entry in entries[self.cursor :]]
        self.cursor = len(entries)

    def close(self) -> None:
        self.closed_in = threading.current_thread().name

    def abandon(self) -> None:
        self.is_abandoned = True


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump_module, "POLL_S", 0.01)
    monkeypatch.setattr(pump_module, "FIRST_WAIT_S", 0.01)


def some_entries(count: int, start: int = 0) -> list[Entry]:
    return [Entry(seq, float(seq), SittingEnded(reason=EndReason.budget)) for seq in range(start, start + count)]


@pytest.fixture
def pumping() -> Iterator[Callable[..., MirrorPump]]:
    started: list[MirrorPump] = []

    def start(entries: list[Entry], *mirrors: MemoryMirror) -> MirrorPump:
        started.append(MirrorPump(mirrors, entries))
        return started[-1]

    yield start
    for pump in started:
        pump.close()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_is_appended_arrives_in_order_and_once(pumping: Callable[..., MirrorPump]) -> None:
    entries, mirror = some_entries(3), MemoryMirror()
    pump = pumping(entries, mirror)
    until(lambda: mirror.cursor == 3)
    entries += some_entries(4, start=3)
    assert pump.flush(timeout_s=5) == []
    assert mirror.delivered == list(range(7))


def test_a_store_out_of_reach_is_shown_and_tried_again(pumping: Callable[..., MirrorPump]) -> None:
    mirror, healthy = MemoryMirror(), MemoryMirror()
    mirror.trouble = TrackingError("the server is gone\n", "start it")
    pump = pumping(some_entries(3), mirror, healthy)
    feed = pump.feeds[0]
    until(lambda: feed.error != "" and healthy.cursor == 3)
    assert feed.error == "the server is gone\\n — start it" and feed.waiting == 3 and not feed.is_broken
    mirror.trouble = None
    assert pump.flush(timeout_s=5) == []
    assert (feed.error, feed.waiting, mirror.delivered) == ("", 0, [0, 1, 2])


def test_waits_between_attempts_double(pumping: Callable[..., MirrorPump], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump_module, "FIRST_WAIT_S", 0.05)
    mirror = MemoryMirror()
    mirror.trouble = TrackingError("gone")
    pumping(some_entries(1), mirror)
    time.sleep(0.5)  # attempts at 0, 0.05, 0.15, 0.35 and 0.75 s
    assert 2 <= mirror.calls <= 4


def test_flush_gives_up_in_time_and_names_who_is_behind(pumping: Callable[..., MirrorPump]) -> None:
    mirror = MemoryMirror()
    mirror.trouble = TrackingError("gone")
    pump = pumping(some_entries(2), mirror)
    began = time.monotonic()
    assert pump.flush(timeout_s=0.2) == [pump.feeds[0]]
    assert 0.2 <= time.monotonic() - began < 2


def test_an_unexpected_error_is_shown_and_tried_again_seldom(
    pumping: Callable[..., MirrorPump], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "LONGEST_WAIT_S", 0.2)
    mirror = MemoryMirror()
    mirror.trouble = KeyError("no such column")
    pump = pumping(some_entries(2), mirror)
    until(lambda: pump.feeds[0].is_broken)
    assert "KeyError: 'no such column'" in pump.feeds[0].error and "test_pump.py" in pump.feeds[0].error
    assert mirror.calls == 1
    mirror.trouble = None
    until(lambda: mirror.cursor == 2)
    assert (pump.feeds[0].error, pump.feeds[0].is_broken) == ("", False)


def test_the_end_of_a_sweep_tries_once_more_after_an_unexpected_error_but_does_not_wait(
    pumping: Callable[..., MirrorPump],
) -> None:
    mirror = MemoryMirror()
    mirror.trouble = KeyError("no such column")
    pump = pumping(some_entries(2), mirror)
    until(lambda: pump.feeds[0].is_broken)
    began = time.monotonic()
    assert pump.flush(timeout_s=60) == [pump.feeds[0]]
    assert time.monotonic() - began < 5
    assert mirror.calls == 2
    mirror.trouble = None
    assert pump.flush(timeout_s=60) == [] and mirror.delivered == [0, 1]


def test_a_password_in_an_unexpected_error_is_not_shown(
    pumping: Callable[..., MirrorPump], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:hunter%322@host/mlflow")
    mirror = MemoryMirror()
    mirror.trouble = ValueError("no host 'hunter22' in https://me:hunter%322@host/mlflow")
    pump = pumping(some_entries(1), mirror)
    until(lambda: pump.feeds[0].is_broken)
    assert "no host '***' in https://***@host/mlflow" in pump.feeds[0].error


def test_a_store_is_given_back_by_the_thread_that_used_it(pumping: Callable[..., MirrorPump]) -> None:
    mirror = MemoryMirror()
    pump = pumping(some_entries(1), mirror)
    pump.flush(timeout_s=5)
    pump.close()
    assert mirror.closed_in == "mirror memory"


def test_a_call_that_hangs_does_not_hold_the_end_up_and_is_shown(pumping: Callable[..., MirrorPump]) -> None:
    mirror, release = MemoryMirror(), threading.Event()
    mirror.catch_up = lambda entries: release.wait(10) and None  # type: ignore[method-assign,assignment]
    pump = pumping(some_entries(1), mirror)
    began = time.monotonic()
    assert pump.flush(timeout_s=0.1) == [pump.feeds[0]]
    pump.close()
    assert time.monotonic() - began < 1
    assert pump.feeds[0].error == "memory did not take everything within 0.1 s"
    assert mirror.is_abandoned, "whoever has the study next must not meet it"
    release.set()
