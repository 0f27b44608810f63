"""The program as a user starts it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 240
QUICK = (
    "data=folder",
    "model.weights=none",
    "data.image_size=32",
    "augment=light",
    "train.epochs=6",
    "train.batch_size=16",
    "budget.trials=4",
    "execution=inline",
    "execution.threads=1",
)
"""Settings with which a sweep takes seconds: three searched dimensions are left."""


@dataclass(frozen=True)
class Program:
    """`python -m sweep` in the folder `where`, with the picture cache in `cache`."""

    where: Path
    cache: Path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "SWEEP_"))}
        return kept | {"XDG_CACHE_HOME": str(self.cache), "HOME": str(self.where), "COLUMNS": "200"} | more

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "sweep", *arguments]

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs to the end; `more` are environment variables."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.where,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.where,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def study_folder(self) -> Path:
        """The only study's folder."""
        (journal,) = (self.where / "outputs").glob("*/journal.jsonl")
        return journal.parent


def journal_lines(program: Program) -> int:
    """How many complete lines the study's journal has; 0 before there is one."""
    return sum(path.read_bytes().count(b"\n") for path in (program.where / "outputs").glob("*/journal.jsonl"))
