"""The trials as a table, best first: for the terminal, for a spreadsheet, for the report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sweep.analysis.fate import fate_words, last_score_epoch
from sweep.analysis.naming import markdown_cell, markdown_table, short_names, short_number
from sweep.config import Objective
from sweep.journal.fate import Fate, fate_of
from sweep.journal.history import History, Trial

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_TOP5 = "val/top5_accuracy"
_METRICS = {
    "val/accuracy": "val/accuracy",
    "val/macro_f1": "val/macro_f1",
    _TOP5: _TOP5,
    "val/loss": "val/loss",
    "gap": "gap/accuracy",
}
_COUNTS = ("rank", "trial", "epochs_trained", "best_epoch")
COLUMNS = ("rank", "trial", "state", "epochs_trained", "value", *_METRICS, "best_epoch", "origin")
"""Before the columns of the space's dimensions. Top-5 accuracy is there where the data has classes enough for it."""

_HEADS = {"val/accuracy": "accuracy", "val/macro_f1": "macro-F1", "val/loss": "loss", "gap": "gap"}
"""Of the metrics that people compare; the objective always stands first."""
_GIVE_WAY = ("val/macro_f1", "gap", "val/loss")
_DIGITS = 4
_EPOCH = re.compile(r"( at|,) epoch (\d+)(?: of (\d+))?")
"""As `fate_words` has it."""


def leaderboard(history: History) -> pd.DataFrame:
    """One row per trial: those that passed a rung, best first, then those that have not yet, then the failed.

    `value` is the objective as measured at the trial's last rung, and the metrics beside it are of the same epoch. One
    column per dimension of the space follows, named shortly where that is unambiguous. Nothing in it depends on time, so
    two equal studies have equal leaderboards.
    """
    import pandas as pd

    names = short_names(history.opened.space, taken=COLUMNS)
    ranked = history.ranked()
    ranks = {trial.number: rank for rank, trial in enumerate(ranked, 1)}
    rest = [trial for _, trial in sorted(history.trials.items()) if trial.number not in ranks]
    rest.sort(key=lambda trial: fate_of(history, trial) is Fate.failed)
    rows = [_row(history, trial, ranks.get(trial.number), names) for trial in (*ranked, *rest)]
    # As objects: a column of numbers would turn None, which is a setting too, into a number.
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *names.values()], dtype=object)
    if frame[_TOP5].isna().all():
        frame = frame.drop(columns=_TOP5)
    floats = [column for column in ("value", *_METRICS) if column in frame]
    return frame.astype(dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys(floats, "float64"))


def _row(history: History, trial: Trial, rank: int | None, names: dict[str, str]) -> dict[str, Any]:
    epoch = last_score_epoch(trial) if rank is not None else None
    row: dict[str, Any] = {
        "rank": rank,
        "trial": trial.number,
        "state": fate_words(history, trial),
        "epochs_trained": trial.epochs_done,
        "value": None if epoch is None else trial.value_at(epoch),
        "best_epoch": trial.best_epoch,
        "origin": trial.origin.value,
    }
    metrics = {} if epoch is None else trial.reports[epoch].metrics
    row |= {column: metrics.get(key) for column, key in _METRICS.items()}
    return row | {name: trial.params.get(path) for path, name in names.items()}


def leaderboard_csv(frame: pd.DataFrame) -> str:
    """Every column with every float in full, so that two equal studies give equal text."""
    return frame.to_csv(index=False, lineterminator="\n")


def leaderboard_table(frame: pd.DataFrame, objective: Objective, limit: int | None = None, width: int | None = None) -> Table:
    """The first `limit` rows (all: None) for a terminal `width` characters wide.

    Where it is too narrow, metrics other than the objective give way.
    """
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    header, rows = _compact(frame, objective, limit)
    place = header.index("state")
    for row in rows:
        row[place] = _EPOCH.sub(_epoch_in_short, row[place], count=1)
    header, rows = _narrowed(header, rows, [_HEADS[name] for name in _GIVE_WAY if name != f"val/{objective}"], width)
    for name in header:
        is_text = name == "state"
        table.add_column(name, justify="left" if is_text else "right", overflow="ellipsis", no_wrap=not is_text)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row), style="bold" if row[0] == "1" else "")
    left_out = len(frame) - len(rows)
    if left_out:
        table.caption = f"and {left_out} more"
    return table


def leaderboard_markdown(frame: pd.DataFrame, objective: Objective, limit: int | None = None) -> str:
    """The first `limit` rows (all: None) as a Markdown table."""
    header, rows = _compact(frame, objective, limit)
    return markdown_table([markdown_cell(name) for name in header], [[markdown_cell(cell) for cell in row] for row in rows])


def _compact(frame: pd.DataFrame, objective: Objective, limit: int | None) -> tuple[list[str], list[list[str]]]:
    """The columns that people compare, as text: place, metrics, settings, and what became of the trial."""
    dimensions = [column for column in frame.columns if column not in COLUMNS]
    shown_metrics = sorted(_HEADS, key=lambda name: name != f"val/{objective}")
    header = ["#", "trial", *(_HEADS[name] for name in shown_metrics), "state", *dimensions]
    shown = frame if limit is None else frame.head(limit)
    rows = []
    for record in shown.to_dict("records"):
        metrics = [_metric(record[column]) for column in shown_metrics]
        name = f"{record['trial']} (baseline)" if record["origin"] == "baseline" else str(record["trial"])
        settings = [short_number(record[column]) for column in dimensions]
        rows.append([_count(record["rank"]), name, *metrics, str(record["state"]), *settings])
    return header, rows


def _epoch_in_short(found: re.Match[str]) -> str:
    """`stopped 4/36`, `failed 3: …`, `complete (early, 12/40)`."""
    comma = "," if found[1] == "," else ""
    return f"{comma} {found[2]}" + (f"/{found[3]}" if found[3] else "")


def _narrowed(
    header: list[str], rows: list[list[str]], give_way: list[str], width: int | None
) -> tuple[list[str], list[list[str]]]:
    for name in give_way:
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        if width is None or sum(widths) + 2 * len(widths) <= width:
            break
        place = header.index(name)
        header, rows = header[:place] + header[place + 1 :], [row[:place] + row[place + 1 :] for row in rows]
    return header, rows


def _metric(value: Any) -> str:
    return "—" if value is None or value != value else f"{value:.{_DIGITS}f}"


def _count(value: Any) -> str:
    import pandas as pd

    return "—" if pd.isna(value) else str(value)
