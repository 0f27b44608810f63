"""Which stores a study is mirrored to."""

from __future__ import annotations

from collections.abc import Callable

from sweep.driver.study import Study
from sweep.mirrors.mirror import Mirror
from sweep.mirrors.mlflow_mirror import MlflowMirror
from sweep.mirrors.optuna_mirror import OptunaMirror
from sweep.search.sampler import distributions


def make_mirrors(study: Study, on_notice: Callable[[str], None]) -> list[Mirror]:
    """The mirrors that the configuration asks for."""
    tracking = study.config.tracking
    mirrors: list[Mirror] = []
    if tracking.optuna:
        mirrors.append(OptunaMirror(study.folder / "study.db", distributions(study.space), on_notice))
    if tracking.mlflow:
        mirrors.append(MlflowMirror(study.folder, on_notice))
    return mirrors
