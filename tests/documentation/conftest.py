"""One workplace for all commands of a file: to create MLflow's database takes seconds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.documentation.workplace import Workplace, make_workplace

from sweep.commands import ui
from sweep.driver import conclude


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs of a user keep what can be made again."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Workplace:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("workplace")
        _go(patch, folder, cache)
        return make_workplace(folder)


@pytest.fixture
def names(workplace: Workplace, cache: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What to put in the place of placeholders, for somebody who sits at the workplace."""
    _go(monkeypatch, workplace.folder, cache)
    # Figures and tables are most of what a short study takes, and have tests of their own.
    monkeypatch.setattr(conclude, "write_trial_artifacts", lambda *given, **named: [])
    monkeypatch.setattr(conclude, "write_study_artifacts", lambda *given: ([], ""))
    monkeypatch.setattr(ui, "_check_port", lambda address, port: None)
    monkeypatch.setattr(ui, "_serve", lambda uri, address, port: 0)
    return workplace.names


def _go(patch: pytest.MonkeyPatch, folder: Path, cache: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("MLFLOW_", "SWEEP_"))]:
        patch.delenv(name)
    patch.setenv("XDG_CACHE_HOME", str(cache))
    patch.chdir(folder)
