"""`python -m sweep clean [STUDY]`: delete what losing trials left on disk."""

from __future__ import annotations

from sweep.commands.arguments import study_parser
from sweep.errors import EXIT_DONE

EXPLANATION = """\
Deletes the checkpoints and weights of every trial but the best, and what `reproduce` left. The journal, the figures and
MLflow's records stay. Nothing is lost for good: a trial can be trained again, to the same result."""


def main(arguments: list[str]) -> int:
    """Deletes what losing trials left, or says what would be deleted."""
    parser = study_parser("clean", EXPLANATION)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    options = parser.parse_args(arguments)

    from sweep.driver.clean import delete, list_leftovers, size_mb
    from sweep.driver.lock import hold_study
    from sweep.driver.shelf import find_study, read_study

    folder = find_study(options.output_dir, options.study)
    with hold_study(folder):
        leftovers = list_leftovers(folder, read_study(folder))
        freed_mb = size_mb(leftovers)
        if not options.dry_run:
            delete(leftovers)
    verb = "would free" if options.dry_run else "freed"
    print(f"{folder.name}: {verb} {freed_mb:.1f} MB in {len(leftovers)} files")
    return EXIT_DONE
