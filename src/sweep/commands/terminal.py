"""The terminal: a live table where one is watching, plain lines otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweep.analysis.fate import fate_words
from sweep.analysis.naming import OBJECTIVE_LABELS, counted, short_names, short_number
from sweep.commands.board import (
    best_words,
    budget_words,
    rung_line,
    standing_line,
    time_words,
    title_line,
    trials_table,
    undelivered_lines,
)
from sweep.config import Objective
from sweep.driver.eta import seconds_left
from sweep.driver.view import Standing, View
from sweep.errors import EXIT_DONE, printable
from sweep.journal.history import History, Trial, TrialState

if TYPE_CHECKING:
    from sweep.driver.sweep import Sitting

REFRESH_PER_S = 4
PLAIN_WIDTH = 160
BAR_WIDTH = 24
PROGRESS_EVERY_S = 2.0
"""Plain progress lines are at least this far apart; what takes less is not told."""
MOST_ROWS, OTHER_LINES = 12, 11
"""Trials in the live table, and the lines that must have a place beside them."""
SAID_STATES = (TrialState.paused, TrialState.interrupted, TrialState.complete)
"""Of failures the driver gives notice itself."""


class ResultView(View, Protocol):
    """A view that can also show how a sitting ended."""

    def result(self, sitting: Sitting) -> None:
        """Called after the view was closed."""


def open_console() -> Console:
    """Standard output; where it is no terminal, wide enough for tables."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


@contextmanager
def open_view() -> Iterator[ResultView]:
    """The view that fits where the output goes."""
    console = open_console()
    # Colours can be forced upon a log, but nothing can be redrawn in it.
    if not (console.is_interactive and console.file.isatty()):
        yield PlainView(console)
        return
    with Live(console=console, refresh_per_second=REFRESH_PER_S, transient=True) as live:
        yield LiveView(console, live)


class PlainView:
    """One line per thing that happened: for logs and pipes."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._work = ""
        self._said_at = 0.0
        self._work_was_said = False
        self._seen: dict[int, tuple[int, TrialState]] = {}

    def notice(self, text: str) -> None:
        self._say(f"note: {text}")

    def progress(self, what: str, done: int, total: int) -> None:
        now = self._clock()
        if what != self._work:
            self._work, self._said_at, self._work_was_said = what, now, False
        is_done = done == total
        if now - self._said_at >= PROGRESS_EVERY_S or (is_done and self._work_was_said):
            self._said_at, self._work_was_said = now, True
            self._say(f"{what}: {done:,} of {total:,}")
        if is_done:
            self._work = ""

    def opened(self, history: History, folder: Path, is_new: bool) -> None:
        for line in opening_lines(history, folder, is_new):
            self._say(line)
        self._seen = {number: (trial.epochs_done, trial.state) for number, trial in history.trials.items()}

    def update(self, standing: Standing) -> None:
        for number, trial in standing.history.trials.items():
            now = (trial.epochs_done, trial.state)
            if self._seen.get(number) != now:
                self._say_change(standing, trial, self._seen.get(number))
                self._seen[number] = now

    def result(self, sitting: Sitting) -> None:
        show_result(self._console, sitting)

    def _say_change(self, standing: Standing, trial: Trial, before: tuple[int, TrialState] | None) -> None:
        epochs_before, state_before = before or (0, None)
        if before is None:
            self._say(trial_line(standing.history, trial))
        if trial.epochs_done > epochs_before:
            self._say(epoch_line(trial))
        if trial.state in SAID_STATES and trial.state is not state_before:
            self._say(f"trial {trial.number} {fate_words(standing.history, trial)}; {standing_line(standing)}")

    def _say(self, text: str) -> None:
        say(self._console, text)


class LiveView:
    """A table that is redrawn in place; notices scroll above it."""

    def __init__(self, console: Console, live: Live) -> None:
        self._console = console
        self._live = live

    def notice(self, text: str) -> None:
        self._console.print(Text("note: ", style="yellow").append(printable(text), style="default"))

    def progress(self, what: str, done: int, total: int) -> None:
        row = Table.grid(padding=(0, 1))
        row.add_row(Text(what), ProgressBar(total=total, completed=done, width=BAR_WIDTH), Text(f"{done:,} of {total:,}"))
        self._live.update(row)

    def opened(self, history: History, folder: Path, is_new: bool) -> None:
        for line in opening_lines(history, folder, is_new):
            say(self._console, line)
        self._live.update(Text("starting workers …", style="dim"))

    def update(self, standing: Standing) -> None:
        self._live.update(live_board(standing, self._console.width, self._console.height))

    def result(self, sitting: Sitting) -> None:
        show_result(self._console, sitting)


def say(console: Console, text: str) -> None:
    """`text`, whatever characters it holds: between words a terminal's lines are broken, a log's are not."""
    console.print(Text(printable(text)), soft_wrap=not console.is_terminal)


def live_board(standing: Standing, width: int, height: int) -> Group:
    """What the live view shows on a terminal of that many characters and lines."""
    history = standing.history
    spent_s, left_s = history.hours_spent * 3600, seconds_left(standing)
    bar = Table.grid(padding=(0, 1))
    total = 1.0 if left_s is None else max(1.0, spent_s + left_s)
    completed = 0.0 if left_s is None else spent_s
    time_left = time_words(standing) or "time left: known after the first epoch"
    bar.add_row(ProgressBar(total=total, completed=completed, width=BAR_WIDTH), Text(time_left))
    lines = [
        Text(title_line(history, width), style="bold"),
        Text(budget_words(history, standing.budget)),
        Text(best_words(history), style="green" if history.best() else ""),
        Text(rung_line(history), style="dim"),
        *(Text(printable(line), style="yellow") for line in undelivered_lines(standing.undelivered)),
    ]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    table = trials_table(history, width, max(1, min(MOST_ROWS, height - OTHER_LINES)))
    return Group("", lines[0], bar, *lines[1:], "", table)


def opening_lines(history: History, folder: Path, is_new: bool) -> list[str]:
    """What is about to be done, in a few lines."""
    opened = history.opened
    data, machine = opened.dataset, opened.machine
    trials, epochs = counted(len(history.trials), "trial"), counted(history.epochs_trained, "epoch")
    return [
        f"study {opened.study} opened in {folder}"
        if is_new
        else f"study {opened.study} taken up in {folder}: {trials} and {epochs} so far",
        f"regime {opened.regime}: {data['num_pictures']:,} pictures in {len(data['classes'])} classes ({data['train']} to train,"
        f" {data['val']} to validate, {data['test']} to test)",
        f"weights {opened.weights['source']}; {machine['device']}, {counted(machine['threads'], 'thread')} per worker",
        "searching " + (", ".join(opened.space) or "nothing: one training with the given settings"),
    ]


def trial_line(history: History, trial: Trial) -> str:
    """A trial's settings."""
    names = short_names(history.opened.space)
    values = ", ".join(f"{names.get(path, path)} {short_number(value)}" for path, value in trial.params.items())
    return f"trial {trial.number} ({trial.origin}): {values or 'the given settings'}"


def epoch_line(trial: Trial) -> str:
    """What a trial's latest epoch came to."""
    report = trial.reports[trial.epochs_done]
    values = [
        f"{OBJECTIVE_LABELS[objective]} {report.metrics[f'val/{objective}']:.4f}"
        for objective in dict.fromkeys((trial.objective, Objective.accuracy, Objective.loss))
    ]
    values += [f"training loss {report.metrics['train/loss']:.4f}", f"{report.timings['pictures_per_s']:,.0f} pictures/s"]
    return f"trial {trial.number}, epoch {report.epoch} of {trial.epochs}: {', '.join(values)}"


def show_result(console: Console, sitting: Sitting) -> None:
    """The result and what to do next."""
    from sweep.analysis.leaderboard import leaderboard, leaderboard_table

    history = sitting.history
    console.print(Text(printable(history.opened.study), style="bold"))
    console.print(leaderboard_table(leaderboard(history), history.objective, 10, console.width))
    for line in result_lines(history):
        say(console, line)
    for line in undelivered_lines(sitting.undelivered):
        say(console, f"{line}; the same command or `python -m sweep sync` delivers them")
    if sitting.exit_code != EXIT_DONE:
        say(console, "stopped; the same command continues")
        return
    say(console, f"figures and tables: {sitting.folder / 'report'}")
    if history.opened.config["tracking"]["mlflow"]:
        say(console, "browse the runs: python -m sweep ui")


def result_lines(history: History) -> list[str]:
    """The best trial beside the baseline, and its score on the test split."""
    best, baseline = history.best(), history.trials.get(0)
    if best is None or baseline is None:
        return ["no trial was trained to its end"]
    text = best_words(history)
    if best is not baseline and baseline.state is TrialState.complete:
        text += f" (baseline {baseline.value_at(baseline.epochs_done):.4f})"
    score = history.test_scores.get(best.number)
    if score is None:
        return [text]
    low, high = score["test/accuracy_low"], score["test/accuracy_high"]
    tested = f"test accuracy {score['test/accuracy']:.4f} (95 % interval {low:.4f} to {high:.4f})"
    if history.objective is Objective.macro_f1:
        tested += f", macro-F1 {score['test/macro_f1']:.4f}"
    return [text, tested]
