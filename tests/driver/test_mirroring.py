from __future__ import annotations

from pathlib import Path

import pytest
from tests.mirrors.sample import SPACE

from sweep.config import TrackingConfig
from sweep.config.space import space_from_plain
from sweep.driver.mirroring import mirrors_of
from sweep.mirrors.mirror import Mirror


def mirrors(folder: Path, **tracking: bool) -> list[Mirror]:
    return mirrors_of(folder, space_from_plain(SPACE), TrackingConfig(**tracking), pytest.fail)


def test_a_study_has_the_mirrors_that_it_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    assert [mirror.name for mirror in mirrors(tmp_path)] == ["Optuna study.db", "MLflow"]
    assert [mirror.name for mirror in mirrors(tmp_path, optuna=False)] == ["MLflow"]
    assert mirrors(tmp_path, optuna=False, mlflow=False) == []


def test_optunas_variable_names_the_place_of_optunas_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTUNA_STORAGE", "postgresql+psycopg://me:hunter2@host/optuna")
    assert [mirror.name for mirror in mirrors(tmp_path, mlflow=False)] == ["Optuna's storage"]
    monkeypatch.setenv("OPTUNA_STORAGE", "")
    assert [mirror.name for mirror in mirrors(tmp_path, mlflow=False)] == ["Optuna study.db"]
