"""The studies on disk, found by name, and their trials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sweep.errors import StudyError, nearest
from sweep.journal.history import History, Trial
from sweep.journal.journal import read
from sweep.journal.layout import JOURNAL
from sweep.journal.plausible import checked_history

MANIFEST = "manifest.json"
"""Beside the journal since the study was opened."""
MAX_DIGITS = 10
WRITTEN_TO = ("*", "trials/*", "trials/*/*", "logs/*", "reproductions/*")
"""Where a sweep writes and deletes."""


def list_studies(output_dir: Path) -> list[Path]:
    """The studies' folders, the one written to last first."""
    journals = [path for path in output_dir.glob(f"*/{JOURNAL}") if path.is_file() and path.stat().st_size]
    return [path.parent for path in sorted(journals, key=lambda path: path.stat().st_mtime, reverse=True)]


def find_study(output_dir: Path, name: str | None) -> Path:
    """The folder of the study called `name`, or whose name begins so; the latest without a name.

    Raises StudyError when there is none, or it leads out of `output_dir`.
    """
    studies = list_studies(output_dir)
    if name is not None and name in _names_without_journal(output_dir):
        raise StudyError(f"the study {name!r} in {output_dir} has lost its {JOURNAL}", "restore it from a copy")
    if not studies:
        raise StudyError(f"there is no study in {output_dir}", "run `python -m sweep` first, or give --output-dir")
    if name is None:
        return own_folder(studies[0], output_dir)
    found = [folder for folder in studies if folder.name == name] or [
        folder for folder in studies if folder.name.startswith(name)
    ]
    if len(found) == 1:
        return own_folder(found[0], output_dir)
    if found:
        raise StudyError(
            f"{name!r} fits {len(found)} studies", "give more of the name: " + ", ".join(folder.name for folder in found)
        )
    raise StudyError(f"there is no study {name!r} in {output_dir}", nearest(name, [folder.name for folder in studies]))


def _names_without_journal(output_dir: Path) -> set[str]:
    """Of folders that were a study's: the manifest of its pictures is still there."""
    return {path.parent.name for path in output_dir.glob(f"*/{MANIFEST}") if not (path.parent / JOURNAL).exists()}


def own_folder(folder: Path, output_dir: Path, parts: Sequence[str] = ("*",)) -> Path:
    """`folder`, which neither is a link nor holds one that leads to where nothing of it should be written or deleted."""
    for path, home, remedy in (
        (folder, output_dir, f"name its own place: --output-dir {folder.resolve().parent}"),
        *((path, folder, "put a folder or file of its own in its place") for part in parts for path in folder.glob(part)),
    ):
        if path.is_symlink() and not path.resolve().is_relative_to(home.resolve()):
            raise StudyError(f"{path} is a link that leads out of {home}, to {path.resolve()}", remedy)
    return folder


def read_study(folder: Path) -> History:
    """The study as its journal tells it, without taking it up.

    Raises JournalError when the journal is damaged, or holds what no sweep writes.
    """
    path = folder / JOURNAL
    return checked_history(path, read(path))


def find_trial(history: History, which: str) -> Trial:
    """The trial that `which` names: `best`, or its number. StudyError otherwise."""
    if which == "best":
        best = history.best()
        if best is None:
            raise StudyError(f"no trial of {history.opened.study} was trained to its end yet", "let the sweep go on")
        return best
    number = int(which) if is_trial_number(which) else -1
    if number not in history.trials:
        raise StudyError(f"{history.opened.study} has no trial {which!r}", f"allowed: best, or 0 to {len(history.trials) - 1}")
    return history.trials[number]


def is_trial_number(text: str) -> bool:
    """Whether `text` could be a trial's number: decimal digits, not as many as an MLflow run's id has."""
    return text.isascii() and text.isdigit() and len(text) < MAX_DIGITS
