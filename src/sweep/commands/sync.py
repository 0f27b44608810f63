"""`python -m sweep sync [STUDY]`: deliver to Optuna and MLflow what waits, without training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweep.commands.arguments import study_parser
from sweep.errors import EXIT_DONE, printable

if TYPE_CHECKING:
    from sweep.mirrors.pump import Feed

EXIT_WAITING = 3
EXPLANATION = """\
Delivers to Optuna and MLflow the events of a study that they have not taken, because they could not be reached while it ran.
Nothing is trained. Exit code: 0 when everything is delivered, 3 when events still wait: they are kept, and the same command
tries again."""
TIMEOUT_S = 60.0


def main(arguments: list[str]) -> int:
    """Delivers what waits and says what became of it."""
    parser = study_parser("sync", EXPLANATION)
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, metavar="S", help=f"how many seconds to try ({TIMEOUT_S:g})")
    options = parser.parse_args(arguments)
    if not 0 < options.timeout < float("inf"):
        parser.error(f"--timeout={options.timeout} is not allowed; give a number of seconds above 0")

    from sweep.driver.lock import hold_study
    from sweep.driver.shelf import find_study

    folder = find_study(options.output_dir, options.study)
    with hold_study(folder):
        return _deliver(folder, options.timeout)


def _deliver(folder: Path, timeout_s: float) -> int:
    from contextlib import closing

    from sweep.driver.mirroring import mirrors_as_opened
    from sweep.journal.journal import read
    from sweep.journal.layout import JOURNAL
    from sweep.journal.plausible import checked_history
    from sweep.mirrors.pump import MirrorPump

    entries = read(folder / JOURNAL)
    opened = checked_history(folder / JOURNAL, entries).opened
    mirrors = mirrors_as_opened(folder, opened, lambda text: print(f"note: {printable(text)}"))
    if not mirrors:
        print(f"{folder.name} keeps nothing for Optuna and MLflow: it was opened with tracking=none")
        return EXIT_DONE
    print(folder.name)
    with closing(MirrorPump(mirrors, entries)) as pump:
        behind = pump.flush(timeout_s)
        for feed in pump.feeds:
            print(_words(feed, len(entries), is_behind=feed in behind))
    if behind:
        print("what waits is kept: run `python -m sweep sync` again once the reason is gone")
    return EXIT_WAITING if behind else EXIT_DONE


def _words(feed: Feed, count: int, *, is_behind: bool) -> str:
    if not is_behind:
        return f"{feed.mirror.name}: all {count} events are delivered"
    return printable(f"{feed.mirror.name}: {feed.waiting} of {count} events wait: {feed.error}")
