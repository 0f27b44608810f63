"""Ctrl-C and SIGTERM: the first stops at the end of an epoch, the second at once. Both can be continued."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sweep.errors import EXIT_INTERRUPTED, EXIT_TERMINATED


class StopRequest:
    """Whether somebody asked the sweep to stop, and how."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.on_first: Callable[[], None] = lambda: None
        """What a first request sets in motion. Runs in a signal handler: it must not print."""

    @property
    def requested(self) -> bool:
        return self.exit_code is not None

    def receive(self, number: int) -> None:
        """Takes a signal in. Raises StopNow for the second."""
        if self.requested:
            raise StopNow
        self.exit_code = EXIT_TERMINATED if number == signal.SIGTERM else EXIT_INTERRUPTED
        self.on_first()


@contextmanager
def signals_wait() -> Iterator[None]:
    """Holds SIGINT and SIGTERM back while the block runs; they arrive right after it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class StopNow(BaseException):
    """The second request: leave whatever is running; what was acknowledged is in the journal."""


@contextmanager
def stop_on_signals(stop: StopRequest) -> Iterator[None]:
    """Turns SIGINT and SIGTERM into a stop request while the block runs. Does nothing outside the main thread."""

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.receive(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
