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

    @property
    def requested(self) -> bool:
        return self.exit_code is not None


class StopNow(BaseException):
    """The second request: leave whatever is running; what was acknowledged is in the journal."""


@contextmanager
def stop_on_signals(stop: StopRequest, on_first: Callable[[], None]) -> Iterator[None]:
    """Turns SIGINT and SIGTERM into a stop request while the block runs. Does nothing outside the main thread."""

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.requested:
            raise StopNow
        stop.exit_code = EXIT_TERMINATED if number == signal.SIGTERM else EXIT_INTERRUPTED
        on_first()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
