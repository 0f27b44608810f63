"""The terminal: a live table where one is watching, plain lines otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweep.commands.board import rung_line, running_table, standing_line
from sweep.driver.sweep import Sitting
from sweep.driver.view import Standing, View
from sweep.errors import EXIT_DONE, printable
from sweep.journal.history import History, Trial, TrialState

REFRESH_PER_S = 4
PLAIN_WIDTH = 160
PROGRESS_EVERY_S = 2.0
"""Plain progress lines are at least this far apart."""


class ResultView(View, Protocol):
    """A view that can also show how a sitting ended."""

    def result(self, sitting: Sitting) -> None:
        """Called after the view was closed."""


@contextmanager
def open_view() -> Iterator[ResultView]:
    """The view that fits where the output goes."""
    console = Console(highlight=False)
    if not console.is_terminal:
        yield PlainView(Console(highlight=False, width=PLAIN_WIDTH))
        return
    with Live(console=console, refresh_per_second=REFRESH_PER_S, transient=True) as live:
        yield LiveView(console, live)


class PlainView:
    """One line per thing that happened: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last_progress = 0.0
        self._seen: dict[int, tuple[int, TrialState]] = {}

    def notice(self, text: str) -> None:
        self._say(f"note: {text}")

    def progress(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - self._last_progress > PROGRESS_EVERY_S:
            self._last_progress = now
            self._say(f"{what}: {done} of {total}")

    def opened(self, history: History, folder: Path, is_new: bool) -> None:
        for line in opening_lines(history, folder, is_new):
            self._say(line)
        self._seen = {number: (trial.epochs_done, trial.state) for number, trial in history.trials.items()}

    def update(self, standing: Standing) -> None:
        for number, trial in standing.history.trials.items():
            now = (trial.epochs_done, trial.state)
            if self._seen.get(number) != now:
                self._say_change(trial, self._seen.get(number), standing)
                self._seen[number] = now

    def result(self, sitting: Sitting) -> None:
        show_result(self._console, sitting)

    def _say_change(self, trial: Trial, before: tuple[int, TrialState] | None, standing: Standing) -> None:
        if before is None:
            values = ", ".join(
                f"{path}={value:.4g}" if isinstance(value, float) else f"{path}={value}" for path, value in trial.params.items()
            )
            self._say(f"trial {trial.number} ({trial.origin}): {values}")
        if trial.epochs_done and (before is None or trial.epochs_done != before[0]):
            report = trial.reports[trial.epochs_done]
            metrics = report.metrics
            self._say(
                f"trial {trial.number}, epoch {report.epoch} of {trial.epochs}: val/accuracy {metrics['val/accuracy']:.4f},"
                f" val/loss {metrics['val/loss']:.4f}, train/loss {metrics['train/loss']:.4f},"
                f" {report.timings['pictures_per_s']:.0f} pictures/s"
            )
        if trial.state in (TrialState.complete, TrialState.paused) and (before is None or trial.state is not before[1]):
            self._say(f"trial {trial.number} {trial.state} at epoch {trial.epochs_done}; {standing_line(standing)}")

    def _say(self, text: str) -> None:
        self._console.print(Text(printable(text)), soft_wrap=True)


class LiveView:
    """A table that is redrawn in place; notices scroll above it."""

    def __init__(self, console: Console, live: Live) -> None:
        self._console = console
        self._live = live
        self._title = ""

    def notice(self, text: str) -> None:
        self._console.print(Text("note: ", style="yellow").append(printable(text), style="default"))

    def progress(self, what: str, done: int, total: int) -> None:
        row = Table.grid(padding=(0, 1))
        row.add_row(Text(what), ProgressBar(total=total, completed=done, width=40), Text(f"{done} of {total}"))
        self._live.update(row)

    def opened(self, history: History, folder: Path, is_new: bool) -> None:
        for line in opening_lines(history, folder, is_new):
            self._console.print(Text(printable(line)))
        self._title = history.opened.study
        self._live.update(Text("starting workers …", style="dim"))

    def update(self, standing: Standing) -> None:
        trials = standing.history.trials.values()
        share = Table.grid(padding=(0, 1))
        finished = sum(trial.state not in (TrialState.running, TrialState.waiting) for trial in trials)
        bar = ProgressBar(total=max(standing.budget.trials, len(trials)), completed=finished, width=30)
        share.add_row(bar, Text(standing_line(standing)))
        self._live.update(Group(Text(""), share, Text(rung_line(standing.history), style="dim"), running_table(standing)))

    def result(self, sitting: Sitting) -> None:
        show_result(self._console, sitting)


def opening_lines(history: History, folder: Path, is_new: bool) -> list[str]:
    """What is about to be done, in a few lines."""
    opened = history.opened
    data, machine = opened.dataset, opened.machine
    verb = "opened" if is_new else f"continued after {len(history.trials)} trials and {history.epochs_trained} epochs:"
    return [
        f"study {opened.study} {verb} in {folder}",
        f"{data['num_pictures']} pictures in {len(data['classes'])} classes (train {data['train']}, val {data['val']}, test"
        f" {data['test']}): regime {opened.regime}; weights: {opened.weights['source']}; {machine['device']},"
        f" {machine['threads']} thread(s) per worker",
        "searching " + (", ".join(opened.space) or "nothing: one training with the given settings"),
    ]


def show_result(console: Console, sitting: Sitting) -> None:
    """The result and what to do next."""
    from sweep.analysis.leaderboard import leaderboard, leaderboard_table

    history = sitting.history
    console.print(f"[bold]{escape(history.opened.study)}[/bold]")
    console.print(leaderboard_table(leaderboard(history), 10, console.width))
    best = history.best()
    if best is not None:
        baseline = history.trials[0]
        text = f"best: trial {best.number}, validation {history.objective} {best.value_at(best.epochs):.4f}"
        if baseline.epochs_done == baseline.epochs:
            text += f" (baseline {baseline.value_at(baseline.epochs):.4f})"
        score = history.test_scores.get(best.number)
        if score:
            low, high = score["test/accuracy_low"], score["test/accuracy_high"]
            text += f"; test accuracy {score['test/accuracy']:.4f} (95 % interval {low:.4f} to {high:.4f})"
        console.print(text)
    for name, count in sitting.undelivered.items():
        console.print(f"[yellow]{count} events wait for {escape(name)}[/yellow]; the same command delivers them")
    if sitting.exit_code != EXIT_DONE:
        console.print("stopped; the same command continues")
    else:
        console.print(f"figures and tables: {escape(str(sitting.folder / 'report'))}   browse: python -m sweep ui")
