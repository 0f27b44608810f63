"""`python -m sweep top [STUDY]`: the leaderboard."""

from __future__ import annotations

import sys

from sweep.commands.arguments import study_parser
from sweep.errors import EXIT_DONE, printable


def main(arguments: list[str]) -> int:
    """Prints the leaderboard."""
    parser = study_parser("top", "The leaderboard of a study, best trial first.")
    parser.add_argument("--csv", action="store_true", help="as CSV, every trial and column, nothing rounded")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many trials to show (20)")
    options = parser.parse_args(arguments)
    if options.limit < 1:
        parser.error(f"--limit={options.limit} is not allowed; give 1 or more")

    from rich.text import Text

    from sweep.analysis.leaderboard import leaderboard, leaderboard_csv, leaderboard_table
    from sweep.analysis.naming import network_words
    from sweep.commands.terminal import open_console
    from sweep.driver.shelf import find_study, read_study

    history = read_study(find_study(options.output_dir, options.study))
    frame = leaderboard(history)
    if options.csv:
        sys.stdout.write(leaderboard_csv(frame))
    else:
        console = open_console()
        console.print(Text(printable(history.opened.study), style="bold"))
        if size := network_words(history.opened.network):
            console.print(Text(f"{history.opened.config['model']['name']}: {size}"))
        console.print(leaderboard_table(frame, history.objective, options.limit, console.width))
    return EXIT_DONE
