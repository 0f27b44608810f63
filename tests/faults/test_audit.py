"""The audit itself: whatever is taken out of a store, or put in twice, it finds."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.audit import audit, study_folder

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("store", "change", "kind"),
    [
        ("mlflow.db", "DELETE FROM metrics WHERE key = 'val/loss' AND step = 2", "lost"),
        ("mlflow.db", "INSERT INTO metrics SELECT key, value, timestamp + 1, run_uuid, step, is_nan FROM metrics", "duplicated"),
        ("mlflow.db", "DELETE FROM tags WHERE key = 'sweep.key' AND value LIKE '%/0003'", "lost"),
        ("mlflow.db", "UPDATE runs SET status = 'RUNNING'", "zombies"),
        ("study.db", "DELETE FROM trial_intermediate_values WHERE step = 3", "lost"),
        ("study.db", "DELETE FROM trials WHERE number = 7", "lost"),
        ("study.db", "UPDATE trials SET state = 'RUNNING' WHERE number = 0", "zombies"),
    ],
)
def test_it_finds(unbroken: Path, tmp_path: Path, store: str, change: str, kind: str) -> None:
    where = tmp_path / "copy"
    shutil.copytree(unbroken, where)
    assert not audit(where)
    path = where / store if store == "mlflow.db" else study_folder(where) / store
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute(change)
    assert getattr(audit(where), kind)


def test_it_finds_leftovers_of_a_write(unbroken: Path, tmp_path: Path) -> None:
    where = tmp_path / "copy"
    shutil.copytree(unbroken, where)
    (study_folder(where) / ".config.yaml.1234.tmp").touch()
    assert audit(where).zombies
