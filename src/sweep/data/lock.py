"""One process at a time decodes or draws the same pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sweep.errors import DataError
from sweep.journal.lock import take_lock


@contextmanager
def holding(path: Path, *, timeout_s: float, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """`take_lock`, whose TimeoutError becomes a DataError."""
    with ExitStack() as stack:
        try:
            stack.enter_context(take_lock(path, timeout_s, on_wait))
        except TimeoutError as error:
            raise DataError(str(error), "wait for it or stop it, then start again") from None
        yield
