"""The live table's parts, computed from where the sweep stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from sweep.driver.eta import seconds_left
from sweep.driver.study import budget_of
from sweep.driver.view import Standing
from sweep.journal.history import History, Trial, TrialState

SHOWN_TRIALS = 8
"""Besides the running ones, so that the table fits a small terminal."""


def standing_line(standing: Standing) -> str:
    """Budget, best so far, time left: one line."""
    history = standing.history
    parts = [budget_of(history, standing.budget), f"{history.epochs_trained} epochs trained"]
    best = history.best()
    if best is not None:
        parts.append(f"best {best.value_at(best.epochs):.4f} (trial {best.number})")
    left = seconds_left(standing)
    if left is not None:
        parts.append(f"about {duration(left)} left")
    parts += [f"{count} events wait for {name}" for name, count in standing.undelivered.items()]
    return " · ".join(parts)


def rung_line(history: History) -> str:
    """How many trials passed each rung."""
    depth = max((len(trial.rungs) for trial in history.trials.values()), default=0)
    passed = [sum(len(trial.rungs_passed) > rung for trial in history.trials.values()) for rung in range(depth)]
    names = [f"rung {rung + 1}" for rung in range(depth - 1)] + ["end"]
    return "trials past " + ", ".join(f"{name}: {count}" for name, count in zip(names, passed, strict=True)) if depth else ""


def running_table(standing: Standing) -> Table:
    """The trials at work, then the best ones."""
    history = standing.history
    running = [trial for trial in history.trials.values() if trial.state is TrialState.running]
    others = [trial for trial in history.ranked() if trial.state is not TrialState.running][:SHOWN_TRIALS]
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    paths = list(history.opened.space)
    for title in ("trial", "state", "epoch", str(history.objective), *(path.rpartition(".")[2] for path in paths)):
        table.add_column(title, justify="left" if title == "state" else "right")
    for trial in [*running, *others]:
        table.add_row(*_cells(trial, paths), style="bold" if trial.state is TrialState.running else "")
    return table


def duration(seconds: float) -> str:
    """Rounded to what matters: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _cells(trial: Trial, paths: list[str]) -> list[Text]:
    value = f"{trial.value_at(trial.epochs_done):.4f}" if trial.reports else ""
    state = str(trial.state) + (" (baseline)" if trial.number == 0 else "")
    cells = [
        str(trial.number),
        state,
        f"{trial.epochs_done} of {trial.epochs}",
        value,
        *(_short(trial.params, path) for path in paths),
    ]
    return [Text(cell) for cell in cells]


def _short(params: Mapping[str, Any], path: str) -> str:
    value = params.get(path)
    return f"{value:.3g}" if isinstance(value, float) else str(value if value is not None else "")
