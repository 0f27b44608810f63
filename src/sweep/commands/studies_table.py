"""How several studies are shown side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from sweep.analysis.naming import OBJECTIVE_LABELS, clip, parameters_words, size_words
from sweep.analysis.studies import Spread, StudyResult
from sweep.commands.board import duration
from sweep.errors import printable

GAP = 2
"""Blanks between two columns."""
NOTHING = "—"
MOST_SETTINGS = 60
"""Characters of a study's settings: a folder's name may be long."""


def studies_table(results: Sequence[StudyResult], width: int) -> Table:
    """A row per study. Where `width` is too narrow for all columns, a study's name stands below its settings."""
    objectives = {result.objective for result in results}
    value = OBJECTIVE_LABELS[results[0].objective].replace(" ", "\n", 1) if len(objectives) == 1 else "validation"
    header = ["settings", "study", "trials", value, "test accuracy\n(95 % interval)", "params", "fp32", "time"]
    rows = [_cells(result, names_objective=len(objectives) > 1) for result in results]
    if _natural_width([header, *rows]) > width:
        header, rows = _merged(header), [_merged(row) for row in rows]
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
    for place, name in enumerate(header):
        is_name = place < len(header) - 6
        table.add_column(name, justify="left" if is_name else "right", overflow="fold", no_wrap=not is_name)
    for place, row in enumerate(rows):
        table.add_row(*map(Text, row), style="" if place or len(rows) == 1 else "bold")
    return table


def trouble_lines(undone: Sequence[tuple[Sequence[str], str]]) -> list[str]:
    """A line per study that is not done, and why: below the table, as a reason takes more room than a column has."""
    names = [_settings(settings) for settings, _ in undone]
    width = max(map(cell_len, names), default=0)
    return [name + " " * (width - cell_len(name) + GAP) + trouble for name, (_, trouble) in zip(names, undone, strict=True)]


def spread_line(spread: Spread, num_studies: int) -> str:
    """For example `validation accuracy over data.fold: 0.9100 ± 0.0120 (mean ± sample standard deviation, n = 5)`."""
    of_all = f" of {num_studies}" if spread.count < num_studies else ""
    return (
        f"{OBJECTIVE_LABELS[spread.objective]} over {spread.over}: {spread.mean:.4f} ± {spread.deviation:.4f}"
        f" (mean ± sample standard deviation, n = {spread.count}{of_all})"
    )


def _cells(result: StudyResult, *, names_objective: bool) -> list[str]:
    which = f"{OBJECTIVE_LABELS[result.objective].removeprefix('validation ')} " if names_objective else ""
    test = NOTHING
    if result.test_accuracy is not None and result.test_interval is not None:
        test = f"{result.test_accuracy:.3f} ({result.test_interval.low:.3f}–{result.test_interval.high:.3f})"
    return [
        _settings(result.settings),
        printable(result.study),
        str(result.num_trials),
        NOTHING if result.value is None else f"{which}{result.value:.4f}",
        test,
        NOTHING if result.parameters is None else parameters_words(result.parameters),
        NOTHING if result.size_mb is None else size_words(result.size_mb),
        duration(result.hours * 3600),
    ]


def _settings(settings: Sequence[str]) -> str:
    return clip(" ".join(settings), MOST_SETTINGS) or NOTHING


def _merged(row: list[str]) -> list[str]:
    return [f"{row[0]}\n{row[1]}", *row[2:]]


def _natural_width(rows: Sequence[Sequence[str]]) -> int:
    columns = zip(*rows, strict=True)
    widths = [max(cell_len(line) for cell in column for line in cell.split("\n")) for column in columns]
    return sum(widths) + GAP * (len(widths) - 1)
