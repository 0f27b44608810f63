"""Several studies, one after the other: a mistake in one does not lose the others, and a table compares them at the end."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from rich.console import Console
from rich.text import Text

from sweep.analysis.studies import StudyResult, best_first, distinguishing, spread, study_result
from sweep.commands.studies_table import spread_line, studies_table, trouble_lines
from sweep.commands.terminal import open_console, say
from sweep.config.load import Composed
from sweep.driver.sweep import Sitting
from sweep.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_TERMINATED, EXIT_USER_INPUT, SweepError, printable

STOPPED = {EXIT_INTERRUPTED, EXIT_TERMINATED}


class Terminated(KeyboardInterrupt):
    """SIGTERM outside a study; within one the driver takes it."""


@dataclass(slots=True)
class Turn:
    """One of the studies."""

    settings: tuple[str, ...]
    """The overrides that set it apart from the others."""
    exit_code: int = EXIT_DONE
    result: StudyResult | None = None
    """None for one that was not opened."""
    trouble: str = "not started"
    """Why it is not done; empty when it is."""


def run_in_turn(jobs: Sequence[Composed], run: Callable[[Composed], Sitting]) -> int:
    """Runs the studies and prints the table; the exit code of the first that failed, or of the signal that stopped them."""
    turns = [Turn(settings) for settings in distinguishing([job.overrides for job in jobs])]
    console = open_console()
    with _sigterm_raises():
        for number, (job, turn) in enumerate(zip(jobs, turns, strict=True), 1):
            title = f"study {number} of {len(jobs)}: {' '.join(turn.settings)}"
            console.print(Text(("\n" if number > 1 else "") + printable(title), style="bold"))
            _take(turn, job, run)
            if turn.exit_code in STOPPED:
                break
    show_table(console, turns)
    codes = [turn.exit_code for turn in turns if turn.exit_code != EXIT_DONE]
    return next((code for code in codes if code in STOPPED), codes[0] if codes else EXIT_DONE)


def show_table(console: Console, turns: Sequence[Turn]) -> None:
    """The studies that were opened, best first; then what became of those that are not done; then the spread of repeats."""
    results = best_first(turn.result for turn in turns if turn.result)
    order = ", best first" if len({result.objective for result in results}) == 1 else ""
    console.print(Text(f"\n{len(turns)} studies{order}", style="bold"))
    if results:
        console.print(studies_table(results, console.width))
    for line in trouble_lines([(turn.settings, turn.trouble) for turn in turns if turn.trouble]):
        say(console, line)
    if found := spread(results):
        say(console, spread_line(found, len(turns)))


def _take(turn: Turn, job: Composed, run: Callable[[Composed], Sitting]) -> None:
    """Runs one study; whatever the user did wrong in it is said and kept."""
    try:
        sitting = run(job)
    except KeyboardInterrupt as stop:
        turn.exit_code = EXIT_TERMINATED if isinstance(stop, Terminated) else EXIT_INTERRUPTED
        turn.trouble = "stopped"
    except BrokenPipeError:  # nobody reads the rest either
        raise
    except (SweepError, OSError) as error:
        line = error.line if isinstance(error, SweepError) else printable(str(error))
        print(f"error: {line}", file=sys.stderr, flush=True)
        turn.exit_code = error.exit_code if isinstance(error, SweepError) else EXIT_USER_INPUT
        turn.trouble = f"failed: {line}"
    else:
        turn.exit_code = sitting.exit_code
        turn.result = study_result(sitting.history, turn.settings)
        turn.trouble = _trouble(sitting)


def _trouble(sitting: Sitting) -> str:
    if sitting.exit_code in STOPPED:
        return "stopped; the same command continues"
    return "" if sitting.exit_code == EXIT_DONE else "failed: no trial was trained to its end"


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """SIGTERM between and before studies raises Terminated, as Ctrl-C raises KeyboardInterrupt."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
