"""Which stores a study is mirrored to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sweep.config import TrackingConfig
from sweep.config.fields import build
from sweep.config.space import Space, space_from_plain
from sweep.journal.events import StudyOpened
from sweep.mirrors.mirror import Mirror
from sweep.mirrors.mlflow_mirror import MlflowMirror
from sweep.mirrors.optuna_file import StudyFile
from sweep.mirrors.optuna_mirror import OptunaMirror
from sweep.mirrors.optuna_server import ADDRESS_VARIABLE, StudyServer
from sweep.search.sampler import distributions


def mirrors_of(folder: Path, space: Space, tracking: TrackingConfig, on_notice: Callable[[str], None]) -> list[Mirror]:
    """The mirrors that `tracking` asks for, of the study in `folder`."""
    mirrors: list[Mirror] = []
    if tracking.optuna:
        address = os.environ.get(ADDRESS_VARIABLE)
        store = StudyServer(address) if address else StudyFile(folder / "study.db", on_notice)
        mirrors.append(OptunaMirror(store, distributions(space)))
    if tracking.mlflow:
        mirrors.append(MlflowMirror(folder, on_notice))
    return mirrors


def mirrors_as_opened(folder: Path, opened: StudyOpened, on_notice: Callable[[str], None]) -> list[Mirror]:
    """The mirrors that the study was opened with, from its journal alone."""
    tracking = build(TrackingConfig, opened.config["tracking"])
    return mirrors_of(folder, space_from_plain(opened.space), tracking, on_notice)
