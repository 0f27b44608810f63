"""Feeds the mirrors from the journal in the background, so that no store's slowness or absence reaches the training."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence

from sweep.errors import TrackingError
from sweep.journal.journal import Entry
from sweep.mirrors.mirror import Mirror
from sweep.mirrors.tracking_uri import redacted

POLL_S = 1.0
"""Also what is gathered into one batch: a write per epoch would cost more than the epochs of a small study."""
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
HURRIED_WAIT_S = 0.5
"""Between attempts while the end of the sweep waits for them."""
CLOSE_S = 5.0
"""A mirror that has nothing left to deliver is done with its store in less."""


class Feed:
    """One mirror, its thread and how it fares. `error` is empty while all goes well."""

    def __init__(self, mirror: Mirror, entries: Sequence[Entry]) -> None:
        self.mirror = mirror
        self.error = ""
        self.is_broken = False
        """The last attempt ended in an error that nobody expected: it is tried again, seldom, and nobody waits for that."""
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
        self._is_hurried, self.is_broken = True, False
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Ends the thread. One that is stuck in a call is left to die with the process, and delivers nothing more."""
        self._is_stopped = True
        self._wake.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            self.mirror.abandon()

    def _run(self) -> None:
        wait_s = 0.0
        while not self._is_stopped:
            if self._deliver():
                pause_s, wait_s = (HURRIED_WAIT_S / 10 if self._is_hurried else POLL_S), 0.0
            else:
                wait_s = LONGEST_WAIT_S if self.is_broken else min(max(FIRST_WAIT_S, 2 * wait_s), LONGEST_WAIT_S)
                pause_s = min(wait_s, HURRIED_WAIT_S) if self._is_hurried and not self.is_broken else wait_s
            self._wake.wait(pause_s)
            self._wake.clear()
        self.mirror.close()

    def _deliver(self) -> bool:
        try:
            # A slice: the journal's list grows while the mirror reads.
            self.mirror.catch_up(self._entries[:])
        except TrackingError as error:
            self.error, self.is_broken = error.line, False
            return False
        except Exception as error:
            # Our own fault, or the store's library's: shown, and no reason to end a training.
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.error = redacted(f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})")
            self.is_broken = True
            return False
        self.error, self.is_broken = "", False
        return True


class MirrorPump:
    """Keeps every mirror close behind `entries`, the journal's own growing list. Nothing is ever raised into the caller."""

    def __init__(self, mirrors: Sequence[Mirror], entries: Sequence[Entry]) -> None:
        self.feeds = [Feed(mirror, entries) for mirror in mirrors]

    def flush(self, timeout_s: float) -> list[Feed]:
        """Tries until everything is delivered or `timeout_s` have passed; returns the feeds that are still behind.

        Each of those has an `error` then: a store that hangs has not raised one.
        """
        deadline = time.monotonic() + timeout_s
        for feed in self.feeds:
            feed.hurry()
        while (behind := self._behind()) and time.monotonic() < deadline:
            if all(feed.is_broken for feed in behind):
                break
            time.sleep(0.02)
        for feed in behind:
            feed.error = feed.error or f"{feed.mirror.name} did not take everything within {timeout_s:g} s"
        return behind

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Ends the threads and gives the stores back. Call `flush` first: what is behind after it is not waited for."""
        deadline = time.monotonic() + timeout_s
        for feed in self.feeds:
            feed.stop(0.0 if feed.waiting else max(0.0, deadline - time.monotonic()))

    def _behind(self) -> list[Feed]:
        return [feed for feed in self.feeds if feed.waiting]
