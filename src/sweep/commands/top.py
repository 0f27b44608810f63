"""`python -m sweep top [STUDY]`: the leaderboard."""

from __future__ import annotations

import sys

from sweep.commands.arguments import study_parser
from sweep.errors import EXIT_DONE


def main(arguments: list[str]) -> int:
    parser = study_parser("top", "The leaderboard of a study, best trial first.")
    parser.add_argument("--csv", action="store_true", help="as CSV, every column, nothing rounded")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many trials to show (20)")
    options = parser.parse_args(arguments)

    from rich.console import Console

    from sweep.analysis.leaderboard import leaderboard, leaderboard_csv, leaderboard_table
    from sweep.driver.shelf import find_study, read_study

    history = read_study(find_study(options.output_dir, options.study))
    frame = leaderboard(history)
    if options.csv:
        sys.stdout.write(leaderboard_csv(frame))
    else:
        console = Console()
        console.print(f"[bold]{history.opened.study}[/bold]")
        console.print(leaderboard_table(frame, options.limit, console.width))
    return EXIT_DONE
