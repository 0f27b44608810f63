"""Feeds the mirrors from the journal in the background, so that no store's slowness or absence reaches the training."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence

from sweep.errors import TrackingError, printable
from sweep.journal.journal import Entry
from sweep.mirrors.mirror import Mirror

POLL_S = 1.0
"""Also what is gathered into one batch: a write per epoch would cost more than the epochs of a small study."""
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
HURRIED_WAIT_S = 0.5
"""Between attempts while the end of the sweep waits for them."""


class Feed:
    """One mirror, its thread and how it fares. `error` is empty while all goes well."""

    def __init__(self, mirror: Mirror, entries: Sequence[Entry]) -> None:
        self.mirror = mirror
        self.error = ""
        self.is_disabled = False
        """An error that nobody expected: the mirror is left alone until the next start."""
        self._entries = entries
        self._wake = threading.Event()
        self._is_hurried = self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name=f"mirror {mirror.name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Journal entries not delivered yet."""
        return len(self._entries) - self.mirror.cursor

    def hurry(self) -> None:
        """Tries again at once, and then with short pauses."""
        self._is_hurried = True
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Ends the thread; one that is stuck in a call is left to die with the process."""
        self._is_stopped = True
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        wait_s = 0.0
        while not self._is_stopped and not self.is_disabled:
            if self._deliver():
                pause_s, wait_s = (HURRIED_WAIT_S / 10 if self._is_hurried else POLL_S), 0.0
            else:
                wait_s = min(max(FIRST_WAIT_S, 2 * wait_s), LONGEST_WAIT_S)
                pause_s = min(wait_s, HURRIED_WAIT_S) if self._is_hurried else wait_s
            self._wake.wait(pause_s)
            self._wake.clear()
        self.mirror.close()

    def _deliver(self) -> bool:
        try:
            # A slice: the journal's list grows while the mirror reads.
            self.mirror.catch_up(self._entries[:])
        except TrackingError as error:
            self.error = error.line
            return False
        except Exception as error:
            # Our own fault, or the store's library's: shown, and no reason to end a training.
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.error = printable(f"{type(error).__name__}: {error} ({where.filename}:{where.lineno}); this mirror is off")
            self.is_disabled = True
            return False
        self.error = ""
        return True


class MirrorPump:
    """Keeps every mirror close behind `entries`, the journal's own growing list. Nothing is ever raised into the caller."""

    def __init__(self, mirrors: Sequence[Mirror], entries: Sequence[Entry]) -> None:
        self.feeds = [Feed(mirror, entries) for mirror in mirrors]

    def flush(self, timeout_s: float) -> list[Feed]:
        """Tries until everything is delivered or `timeout_s` have passed; returns the feeds that are still behind."""
        deadline = time.monotonic() + timeout_s
        for feed in self.feeds:
            feed.hurry()
        while (behind := self._behind()) and time.monotonic() < deadline:
            if all(feed.is_disabled for feed in behind):
                break
            time.sleep(0.02)
        return behind

    def close(self, timeout_s: float = 5.0) -> None:
        """Ends the threads and gives the stores back. Call `flush` first."""
        deadline = time.monotonic() + timeout_s
        for feed in self.feeds:
            feed.stop(max(0.0, deadline - time.monotonic()))

    def _behind(self) -> list[Feed]:
        return [feed for feed in self.feeds if feed.waiting]
