from __future__ import annotations

from pathlib import Path

import pytest

from sweep.mirrors.tracking_uri import absolute, redacted, sqlite_path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:pa@ss@host:5000/x failed", "http://***@host:5000/x failed"),
        ("postgresql://me:secret@db/mlflow", "postgresql://***@db/mlflow"),
        ("https://host/?token=abc&x=1", "https://host/?token=***&x=1"),
        ("sqlite:////home/me/mlflow.db", "sqlite:////home/me/mlflow.db"),
        ("two\nlines", "two\\nlines"),
    ],
)
def test_an_address_is_printed_without_its_password(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_a_relative_database_is_that_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("sqlite:///mlflow.db") == f"sqlite:///{tmp_path}/mlflow.db"
    assert absolute("http://host:5000") == "http://host:5000"
    assert sqlite_path(f"sqlite:///{tmp_path}/mlflow.db") == tmp_path / "mlflow.db"
    assert sqlite_path("http://host:5000") is None
