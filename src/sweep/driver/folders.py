"""Folders that the program writes to."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from sweep.config import Config
from sweep.errors import StudyError


def cache_dir(config: Config) -> Path:
    """Where decoded pictures are kept, shared by all studies."""
    chosen = Path(config.cache_dir).expanduser() if config.cache_dir else Path(platformdirs.user_cache_dir("sweep"))
    return make_folder(chosen, "choose another folder with cache_dir=DIR")


def output_dir(config: Config) -> Path:
    """Where studies are kept."""
    return make_folder(Path(config.output_dir).expanduser(), "choose another folder with output_dir=DIR")


def make_folder(folder: Path, remedy: str) -> Path:
    """`folder`, made if need be and found to be writable; StudyError with the remedy otherwise."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        attempt = folder / f".write-test-{os.getpid()}"
        attempt.touch()
        attempt.unlink()
    except OSError as error:
        raise StudyError(f"{folder} cannot be written to ({error.strerror})", remedy) from None
    return folder
