"""`python -m sweep status [STUDY]`: how far a study is, and who has it in hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sweep.commands.arguments import study_parser
from sweep.errors import EXIT_DONE, printable

if TYPE_CHECKING:
    from sweep.journal.history import History


def main(arguments: list[str]) -> int:
    """Prints how far a study is."""
    options = study_parser("status", "How far a study is, and which process has it in hand.").parse_args(arguments)

    from rich.text import Text

    from sweep.commands.terminal import open_console
    from sweep.driver.lock import holder_of
    from sweep.driver.shelf import find_study, read_study

    folder = find_study(options.output_dir, options.study)
    rows = status_rows(read_study(folder), folder, holder_of(folder))
    console, name_width = open_console(), max(map(len, rows)) + 2
    for name, value in rows.items():
        console.print(Text.assemble((name.ljust(name_width), "bold"), printable(value)), soft_wrap=True)
    return EXIT_DONE


def status_rows(history: History, folder: Path, holder: str | None) -> dict[str, str]:
    """What there is to say, by the name of the line."""
    from sweep.commands.board import best_words, budget_words
    from sweep.config import BudgetConfig
    from sweep.config.fields import build
    from sweep.journal.fate import fate_of

    opened = history.opened
    fates = Counter(fate_of(history, trial).value for trial in history.trials.values())
    to_continue = "can be continued with the same command" if holder is None else "at work"
    return {
        "study": opened.study,
        "folder": str(folder),
        "in hand": holder or "nobody",
        "state": "budget spent" if history.is_over else to_continue,
        "pictures": f"{opened.dataset['num_pictures']:,} in {len(opened.dataset['classes'])} classes, regime {opened.regime}",
        "weights": opened.weights["source"],
        "trials": ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items())) or "none yet",
        "spent": budget_words(history, build(BudgetConfig, history.sittings[-1].budget)) if history.sittings else "nothing",
        "best": best_words(history).removeprefix("best: "),
    }
