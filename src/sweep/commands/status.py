"""`python -m sweep status [STUDY]`: how far a study is, and who has it in hand."""

from __future__ import annotations

from collections import Counter

from sweep.commands.arguments import study_parser
from sweep.errors import EXIT_DONE


def main(arguments: list[str]) -> int:
    options = study_parser("status", "How far a study is, and which process has it in hand.").parse_args(arguments)

    from rich.console import Console
    from rich.table import Table

    from sweep.config import BudgetConfig
    from sweep.config.fields import build
    from sweep.driver.lock import holder_of
    from sweep.driver.shelf import find_study, read_study
    from sweep.driver.study import budget_of

    folder = find_study(options.output_dir, options.study)
    history = read_study(folder)
    opened, best = history.opened, history.best()
    states = Counter(trial.state.value for trial in history.trials.values())
    rows = {
        "study": opened.study,
        "folder": str(folder),
        "in hand": holder_of(folder) or "nobody",
        "state": "budget spent" if history.is_over else "can be continued with the same command",
        "pictures": f"{opened.dataset['num_pictures']} in {len(opened.dataset['classes'])} classes, regime {opened.regime}",
        "weights": opened.weights["source"],
        "trials": ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none yet",
        "spent": budget_of(history, build(BudgetConfig, history.sittings[-1].budget)) if history.sittings else "nothing",
        "epochs trained": str(history.epochs_trained),
        "best": f"trial {best.number}, {history.objective} {best.value_at(best.epochs):.4f}"
        if best
        else "no trial at its end yet",
    }
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", value)
    Console().print(table)
    return EXIT_DONE
