"""`python -m sweep reproduce RUN|best`: train a trial again and compare."""

from __future__ import annotations

from sweep.analysis.compare import Comparison, Verdict
from sweep.commands.arguments import study_parser
from sweep.errors import printable

EXPLANATION = """\
Trains a trial again with the same settings, pictures, seeds and threads, and compares every epoch's metrics and the
weights. Exit code: 0 bitwise identical, 3 within noise, 4 differs."""


def main(arguments: list[str]) -> int:
    """Trains a trial again and prints the verdict, which the exit code tells too."""
    parser = study_parser("reproduce", EXPLANATION, positional=False)
    parser.add_argument("run", metavar="RUN|NUMBER|best", help="an MLflow run's id, a trial's number, or best")
    parser.add_argument("--threads", type=int, metavar="N", help="another number of threads than the record's")
    options = parser.parse_args(arguments)
    if options.threads is not None and options.threads < 1:
        parser.error(f"--threads={options.threads} is not allowed; give 1 or more")

    from sweep.commands.terminal import open_view
    from sweep.driver.reproduce import reproduce
    from sweep.driver.shelf import find_study, find_trial, read_study

    study, which = _look_up(options.run, options.study)
    folder = find_study(options.output_dir, study)
    history = read_study(folder)
    with open_view() as view:
        done = reproduce(folder, history, find_trial(history, which), view, options.threads)
    print(f"{folder.name}, trial {done.trial.number}: {done.trial.epochs_done} epochs trained again")
    for line in verdict_lines(done.comparison):
        print(printable(line))
    return done.comparison.verdict.exit_code


def _look_up(run: str, study: str | None) -> tuple[str | None, str]:
    """The study and the trial that `run` means."""
    from sweep.driver.shelf import is_trial_number

    if run == "best" or is_trial_number(run):
        return study, run
    from sweep.mirrors.mlflow_mirror import find_run

    found = find_run(run)
    return found.study, "best" if found.trial is None else str(found.trial)


def verdict_lines(comparison: Comparison) -> list[str]:
    """The verdict, then what differs in the results, then what differs in what they depend on."""
    lines = [f"verdict: {comparison.verdict}"]
    if comparison.epochs[0] != comparison.epochs[1]:
        lines.append(f"  {comparison.epochs[0]} epochs before, {comparison.epochs[1]} now")
    if comparison.first_differing_epoch is not None:
        largest = comparison.metrics[0]
        lines.append(
            f"  metrics differ from epoch {comparison.first_differing_epoch} on, most {largest.name}: by {largest.max_abs:.4g}"
        )
    if comparison.same_weights is False:
        lines.append("  the weights' hashes differ")
    lines += [f"  {name} not compared: the trial did not get to a job's end" for name in comparison.not_compared]
    lines += [f"  different: {change}" for change in comparison.changes]
    if not comparison.changes and comparison.verdict is not Verdict.identical:
        lines.append("  data, code, packages, threads and hardware are as recorded")
    return lines
