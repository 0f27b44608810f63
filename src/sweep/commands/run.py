"""`python -m sweep [run] …`: search, or continue; with nothing left to do, print the result."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sweep.config.load import Composed, compose
from sweep.errors import EXIT_DONE, EXIT_OUR_FAULT

if TYPE_CHECKING:
    from sweep.driver.sweep import Sitting


def main(arguments: list[str]) -> int:
    """Runs the studies that the arguments compose to."""
    return run_studies(compose(arguments), search=True)


def run_studies(jobs: list[Composed], *, search: bool) -> int:
    """Runs what was composed: nothing (--help, --cfg), one study, or with --multirun one after the other; the exit code."""
    if len(jobs) > 1:
        from sweep.commands.multirun import run_in_turn

        return run_in_turn(jobs, partial(run_one, search=search))
    return run_one(jobs[0], search=search).exit_code if jobs else EXIT_DONE


def run_one(composed: Composed, *, search: bool) -> Sitting:
    """Runs one study and prints what it came to."""
    # Only now: `--help`, `--cfg job` and a misspelt key must not wait for torch.
    from sweep.commands.terminal import open_view
    from sweep.driver.plan import plan_study
    from sweep.driver.sweep import run_study

    with open_view() as view:
        plan = plan_study(composed, view, search=search)
        sitting = run_study(plan, view)
    view.result(sitting)
    if composed.config.study.new and sitting.exit_code not in (EXIT_DONE, EXIT_OUR_FAULT):
        print("(without study.new=true, which would open yet another study)")
    return sitting
