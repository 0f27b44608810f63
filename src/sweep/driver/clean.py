"""What can be deleted from a study without losing anything that was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sweep.journal.history import History
from sweep.journal.layout import TRIAL_LOCK, WEIGHTS, trial_folder

_KEPT_SUFFIXES = (".json", ".yaml", ".txt", ".png", ".csv", ".md")
"""Small, and what people look at."""


def list_leftovers(folder: Path, history: History) -> list[Path]:
    """Checkpoints and weights of all trials but the best, the best one's checkpoint, and the files of reproductions."""
    best = history.best()
    champion = trial_folder(folder, best.number) / WEIGHTS if best else None
    kept = {champion, *(folder / "trials").glob(f"*/{TRIAL_LOCK}")}  # a lock that is deleted while it is held lets another in
    files = [path for path in _own_files(folder, "trials") if path.suffix not in _KEPT_SUFFIXES and path not in kept]
    return sorted([*files, *_own_files(folder, "reproductions")])


def size_mb(files: Iterable[Path]) -> float:
    """What they take on the disk; of a link, the link's own few bytes."""
    return sum(path.lstat().st_size for path in files) / 1e6


def _own_files(study: Path, part: str) -> Iterator[Path]:
    """The files in the folders of `part`, but for folders that a link leads to: what is there is not the study's."""
    home = study.resolve() / part
    for path in (study / part).glob("*/*"):
        if path.parent.resolve() == home / path.parent.name and (path.is_symlink() or path.is_file()):
            yield path


def delete(files: Iterable[Path]) -> None:
    """Deletes the files, and folders of reproductions that become empty."""
    for path in files:
        path.unlink(missing_ok=True)
        if path.parent.parent.name == "reproductions" and not any(path.parent.iterdir()):
            path.parent.rmdir()
