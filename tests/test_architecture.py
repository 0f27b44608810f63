"""The rules of the house, read from the source's imports: who may know whom, and where the heavy packages live."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "sweep"

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "config": {"errors"},
    "journal": {"errors", "config"},
    "data": {"errors", "config", "journal"},
    "models": {"errors", "config", "journal"},
    "search": {"errors", "config", "journal"},
    "execution": {"errors", "config", "journal"},
    "mirrors": {"errors", "config", "journal"},
    "analysis": {"errors", "config", "journal"},
    "training": {"errors", "config", "journal", "data", "models"},
    "driver": {"errors", "config", "journal", "data", "models", "search", "execution", "mirrors", "analysis", "training"},
    "commands": {"errors", "config", "journal", "analysis", "mirrors", "driver"},
    "__main__": {"errors", "commands"},
    "__init__": set(),
}

LIVES_IN: dict[str, tuple[str, ...]] = {
    "hydra": ("config/load.py",),
    "omegaconf": ("config/load.py",),
    "optuna": ("search/", "mirrors/", "analysis/"),
    "mlflow": ("mirrors/mlflow", "commands/ui.py"),
    "torch": ("data/augment", "data/batches.py", "data/mix.py", "models/", "training/", "driver/", "execution/"),
    "torchvision": ("models/",),
    "timm": ("models/timm_networks.py",),
}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    rooms = {name.split(".")[1] for name in imported(path) if name.startswith("sweep.")}
    assert rooms - {room(path)} <= MAY_IMPORT[room(path)]


@pytest.mark.parametrize("package", LIVES_IN)
def test_a_heavy_package_is_imported_only_where_it_lives(package: str) -> None:
    users = {str(path.relative_to(SOURCE)) for path in modules() if any(name.split(".")[0] == package for name in imported(path))}
    assert {user for user in users if not user.startswith(LIVES_IN[package])} == set()


def test_help_and_configuration_errors_do_not_wait_for_heavy_packages() -> None:
    code = (
        "import sys; from sweep.__main__ import main\n"
        "assert main(['optimizer.lr=-1']) == 2\n"
        "import sweep.analysis, sweep.search, sweep.journal.history\n"
        "print([name for name in ('torch', 'mlflow', 'optuna', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
