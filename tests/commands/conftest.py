"""Pictures, a picture cache and a ready MLflow database, shared by the tests of one file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest

from tests.commands.program import Program
from tests.pictures import make_pictures


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pictures(tmp_path_factory.mktemp("pictures") / "patterns")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with its tables and nothing in them: to create one takes seconds."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments(max_results=1)
    return path


@pytest.fixture
def new_program(tmp_path: Path, cache: Path, empty_store: Path) -> Callable[[str], Program]:
    """Makes a program in a folder of the given name."""

    def make(name: str) -> Program:
        (tmp_path / name).mkdir()
        shutil.copy(empty_store, tmp_path / name / "mlflow.db")
        return Program(tmp_path / name, cache)

    return make


@pytest.fixture
def program(new_program: Callable[[str], Program]) -> Program:
    return new_program("work")
