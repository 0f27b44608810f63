"""What can be deleted from a study without losing anything that was found."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sweep.journal.history import History
from sweep.journal.layout import WEIGHTS, trial_folder

_KEPT_SUFFIXES = (".json", ".yaml", ".txt", ".png", ".csv", ".md")
"""Small, and what people look at."""


def list_leftovers(folder: Path, history: History) -> list[Path]:
    """Checkpoints and weights of all trials but the best, the best one's checkpoint, and the files of reproductions."""
    best = history.best()
    champion = trial_folder(folder, best.number) / WEIGHTS if best else None
    files = [path for path in (folder / "trials").glob("*/*") if path.suffix not in _KEPT_SUFFIXES and path != champion]
    return sorted([*files, *(path for path in (folder / "reproductions").glob("*/*") if path.is_file())])


def delete(files: Iterable[Path]) -> None:
    """Deletes the files, and folders of reproductions that become empty."""
    for path in files:
        path.unlink(missing_ok=True)
        if path.parent.parent.name == "reproductions" and not any(path.parent.iterdir()):
            path.parent.rmdir()
