"""`python -m sweep [run] …`: search, or continue; with nothing left to do, print the result."""

from __future__ import annotations

from sweep.config.load import Composed, compose
from sweep.errors import EXIT_DONE, EXIT_OUR_FAULT


def main(arguments: list[str]) -> int:
    """Runs the studies that the arguments compose to."""
    return run_studies(compose(arguments), search=True)


def run_studies(jobs: list[Composed], *, search: bool) -> int:
    """Runs one study after the other (several with --multirun); the exit code of the first that did not end well."""
    for composed in jobs:
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
        if sitting.exit_code != EXIT_DONE:
            return sitting.exit_code
    return EXIT_DONE
