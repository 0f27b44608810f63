"""One process at a time trains a trial: one that its driver gave up may still be at it, or go on one day."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sweep.errors import StudyError
from sweep.journal.files import naming
from sweep.journal.layout import TRIAL_LOCK
from sweep.journal.lock import no_link, take_lock

_TIMEOUT_S = 30.0
_PULSE_EVERY_S = 0.5


@contextmanager
def hold_trial(folder: Path, on_notice: Callable[[str], None], on_wait: Callable[[], None]) -> Iterator[None]:
    """Holds the trial in `folder` for this process, and waits for another one that does; `on_wait` is called meanwhile.

    Raises StudyError naming the other process when it keeps the trial, and OSError.
    """
    path = folder / TRIAL_LOCK
    deadline = time.monotonic() + _TIMEOUT_S
    has_said = False
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(take_lock(path, _PULSE_EVERY_S))
                break
            except TimeoutError:
                holder = path.read_text().strip() or "another process"
            if time.monotonic() >= deadline:
                raise StudyError(
                    f"{holder} still trains in {folder}, and did not leave within {_TIMEOUT_S:g} s",
                    "stop that process (kill -9), then run the same command again",
                )
            if not has_said:
                on_notice(f"waits for {holder}, which still trains in {folder}")
            has_said = True
            on_wait()
        with naming(path):
            with open(path, "w", opener=no_link) as file:
                file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        yield
