"""The installed package stands on its own: `conf/` and `sweeps/` travel inside the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.pictures import make_pictures

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_settings_and_types_travel_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"sweep/conf/sweep.yaml", "sweep/sweeps/tiny.yaml", "sweep/py.typed"} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", ".ci"))]


@pytest.mark.slow
def test_the_installed_program_runs_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    site = next((tmp_path / "env").glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # The dependencies are those of the running environment; the package itself must come from the wheel.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {"HOME": str(empty), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    python = tmp_path / "env" / "bin" / "python"

    def run(*arguments: str) -> str:
        done = subprocess.run([str(python), *arguments], cwd=empty, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert str(site) in run("-c", "import sweep; print(sweep.__file__)")
    pictures = make_pictures(tmp_path / "patterns", per_class=6)
    quick = ["model.weights=none", "data.image_size=32", "train.epochs=1", "budget.trials=1", "tracking=none", "execution=inline"]
    assert "best: trial 0" in run("-m", "sweep", "data=folder", f"data.root={pictures}", *quick)
