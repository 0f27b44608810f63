"""What the files and folders of a study are called."""

from __future__ import annotations

from pathlib import Path

JOURNAL = "journal.jsonl"
CHECKPOINT = "checkpoint.pt"
PREVIOUS_CHECKPOINT = "checkpoint.previous.pt"
TRIAL_LOCK = ".lock"
WEIGHTS = "best.safetensors"
EVALUATION = "evaluation.json"


def trial_name(number: int) -> str:
    """Such as `0007`: sorted by name, trials are sorted by number."""
    return f"{number:04d}"


def trial_folder(study: Path, number: int) -> Path:
    """Where the files of a trial of the study in the folder `study` are."""
    return study / "trials" / trial_name(number)


def reproduction_folder(study: Path, number: int) -> Path:
    """Where the files of a trial's repetition are."""
    return study / "reproductions" / trial_name(number)
