"""What can be told without a server; the rest is in tests/faults/test_postgres.py."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.mirrors.checker import check_optuna
from tests.mirrors.sample import DISTRIBUTIONS, SampleStudy, first_sitting, second_sitting

from sweep.errors import TrackingError
from sweep.mirrors.mirror import study_uid
from sweep.mirrors.optuna_mirror import OptunaMirror
from sweep.mirrors.optuna_server import StudyServer


def deliver(address: str, study: SampleStudy) -> None:
    with closing(OptunaMirror(StudyServer(address), DISTRIBUTIONS)) as mirror:
        mirror.catch_up(study.entries)


def test_studies_share_a_database_and_keep_apart(study: SampleStudy, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/shared.db"
    twin = SampleStudy(tmp_path / "twin", start=1_780_000_000.0)
    other = SampleStudy(tmp_path / "other", name="another", objective="loss")
    for one in (study, twin, other):
        first_sitting(one)
        deliver(address, one)
        second_sitting(one)
        deliver(address, one)
        one.journal.close()
    assert check_optuna(address, study.entries) == []
    assert check_optuna(address, twin.entries, f"mnv3_small-leaves-tiny-0123abcd-{study_uid(twin.entries[0])}") == []
    assert check_optuna(address, other.entries) == []


def test_a_missing_driver_is_said_with_what_to_install(study: SampleStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(TrackingError) as caught:
        deliver("postgresql+psycopg://me:hunter2@127.0.0.1:9/optuna", study)
    assert 'pip install "sweep[postgres]"' in caught.value.line and "psycopg" in caught.value.line
    assert "hunter2" not in caught.value.line
