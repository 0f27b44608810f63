"""The studies on disk, found by name, and their trials."""

from __future__ import annotations

from pathlib import Path

from sweep.errors import StudyError, nearest
from sweep.journal.history import History, Trial, fold
from sweep.journal.journal import read
from sweep.journal.layout import JOURNAL


def list_studies(output_dir: Path) -> list[Path]:
    """The studies' folders, the one written to last first."""
    journals = [path for path in output_dir.glob(f"*/{JOURNAL}") if path.stat().st_size]
    return [path.parent for path in sorted(journals, key=lambda path: path.stat().st_mtime, reverse=True)]


def find_study(output_dir: Path, name: str | None) -> Path:
    """The folder of the study called `name`, or whose name begins so; the latest without a name. StudyError otherwise."""
    studies = list_studies(output_dir)
    if not studies:
        raise StudyError(f"there is no study in {output_dir}", "run `python -m sweep` first, or give --output-dir")
    if name is None:
        return studies[0]
    found = [folder for folder in studies if folder.name == name] or [
        folder for folder in studies if folder.name.startswith(name)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise StudyError(
            f"{name!r} fits {len(found)} studies", "give more of the name: " + ", ".join(folder.name for folder in found)
        )
    raise StudyError(f"there is no study {name!r} in {output_dir}", nearest(name, [folder.name for folder in studies]))


def read_study(folder: Path) -> History:
    """The study as its journal tells it, without taking it up."""
    return fold(read(folder / JOURNAL))


def find_trial(history: History, which: str) -> Trial:
    """The trial that `which` names: `best`, or its number. StudyError otherwise."""
    if which == "best":
        best = history.best()
        if best is None:
            raise StudyError(f"no trial of {history.opened.study} was trained to its end yet", "let the sweep go on")
        return best
    number = int(which) if which.isdigit() else -1
    if number not in history.trials:
        raise StudyError(f"{history.opened.study} has no trial {which!r}", f"allowed: best, or 0 to {len(history.trials) - 1}")
    return history.trials[number]
