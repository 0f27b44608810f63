"""What people watching a sweep are shown, computed from where it stands."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from sweep.analysis.naming import OBJECTIVE_LABELS, clip, counted, short_names, short_number
from sweep.config import BudgetConfig
from sweep.driver.eta import seconds_left
from sweep.driver.view import Standing
from sweep.journal.fate import fate_of
from sweep.journal.history import History, Trial, TrialState

GAP = 2
"""Blanks between two columns."""
FIXED = 4
"""Columns that stay however narrow the terminal is: those before the settings."""

Line = tuple[list[str], bool]
"""A trial's cells, and whether it is at work."""


def title_line(history: History, width: int) -> str:
    """The study's name, its regime and its size; a name too long for `width` characters is shortened in its middle."""
    opened = history.opened
    rest = f" · regime {opened.regime} · {opened.dataset['num_pictures']:,} pictures"
    return clip(opened.study, max(10, width - cell_len(rest))) + rest


def budget_words(history: History, budget: BudgetConfig) -> str:
    """What was spent, and of how much."""
    epochs = history.epochs_trained
    parts = [
        f"{len(history.trials)} of {counted(budget.trials, 'trial')}",
        counted(epochs, "epoch") if budget.epochs is None else f"{epochs} of {counted(budget.epochs, 'epoch')}",
    ]
    if budget.hours is not None:
        parts.append(f"{history.hours_spent:.2f} of {budget.hours:g} hours")
    return ", ".join(parts)


def best_words(history: History) -> str:
    """The best trial among those trained to their end."""
    best = history.best()
    if best is None:
        return "no trial at its end yet"
    return f"best: trial {best.number}, {OBJECTIVE_LABELS[history.objective]} {best.value_at(best.epochs_done):.4f}"


def time_words(standing: Standing) -> str:
    """For example `about 12 min left`; empty before the first epoch was measured."""
    left = seconds_left(standing)
    return "" if left is None else f"about {duration(left)} left"


def undelivered_lines(undelivered: Mapping[str, int]) -> list[str]:
    """One line per mirror whose store refuses what it is given."""
    return [f"{counted(count, 'event')} {'waits' if count == 1 else 'wait'} for {name}" for name, count in undelivered.items()]


def standing_line(standing: Standing) -> str:
    """All of it in one line, for logs."""
    history = standing.history
    parts = [
        budget_words(history, standing.budget),
        best_words(history),
        time_words(standing),
        *undelivered_lines(standing.undelivered),
    ]
    return " · ".join(part for part in parts if part)


def rung_line(history: History) -> str:
    """How many trials reached each rung; rungs are told by their distance from the end, as short trials have only the last."""
    trials = history.trials.values()
    depth = max((len(trial.rungs) for trial in trials), default=0)
    counts = [sum(trial.rungs_ahead <= ahead < len(trial.rungs) for trial in trials) for ahead in reversed(range(depth))]
    names = [*(f"rung {rung}" for rung in range(1, depth)), "the end"]
    return "trials that reached " + " · ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True))


def trials_table(history: History, width: int, rows: int) -> Table:
    """At most `rows` trials: those at work, then the best. Where `width` is too narrow, the last settings give way."""
    header, lines, left_out = _narrowed(*_cells(history, rows), width)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), caption_justify="left")
    for name in header:
        table.add_column(Text(name), justify="left" if name == "state" else "right", no_wrap=True)
    for cells, is_running in lines:
        table.add_row(*map(Text, cells), style="bold" if is_running else "")
    if left_out:
        table.caption = f"and {counted(left_out, 'more setting')}"
    return table


def duration(seconds: float) -> str:
    """Rounded to what matters: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _cells(history: History, rows: int) -> tuple[list[str], list[Line]]:
    running = [trial for trial in history.trials.values() if trial.state is TrialState.running]
    others = [trial for trial in history.ranked() if trial.state is not TrialState.running]
    # The column of epochs tells a trial's length already.
    names = {path: name for path, name in short_names(history.opened.space).items() if path != "train.epochs"}
    metric = OBJECTIVE_LABELS[history.objective].removeprefix("validation ")
    header = ["trial", "state", "epoch", metric, *names.values()]
    lines = [
        ([*_progress(history, trial), *(short_number(trial.params.get(path)) for path in names)], trial in running)
        for trial in [*running, *others][:rows]
    ]
    return header, lines


def _progress(history: History, trial: Trial) -> list[str]:
    name = f"{trial.number} (baseline)" if trial.number == 0 else str(trial.number)
    value = f"{trial.value_at(trial.epochs_done):.4f}" if trial.reports else ""
    state = f"{fate_of(history, trial)} (early)" if trial.ended_early else fate_of(history, trial).value
    return [name, state, f"{trial.epochs_done} of {trial.epochs}", value]


def _narrowed(header: list[str], lines: list[Line], width: int) -> tuple[list[str], list[Line], int]:
    """The columns that fit into `width`, and how many do not."""
    columns = zip(header, *(cells for cells, _ in lines), strict=True)
    kept, taken = 0, 0
    for column in columns:
        taken += max(map(cell_len, column)) + GAP
        if taken > width + GAP and kept >= FIXED:
            break
        kept += 1
    return header[:kept], [(cells[:kept], is_running) for cells, is_running in lines], len(header) - kept
