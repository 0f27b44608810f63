from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mirrors.sample import SampleStudy


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleStudy]:
    """A study that was just opened, in a working folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk's pace is no part of these tests
    study = SampleStudy(tmp_path / "outputs" / "study")
    yield study
    study.journal.close()
