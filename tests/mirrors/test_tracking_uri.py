from __future__ import annotations

import re
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


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_URI", "OPTUNA_STORAGE"])
@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("http://me:hunter2@host/x", "no host hunter2"),
        ("http://me:hun%2Fter2@host/x", "the password hun/ter2 (written hun%2Fter2) is wrong"),
        ("http://me:hunter2/more@host/x", "no port 'hunter2' of me, path /more@host/x"),
        ("http://me:12/hunter2@host/x", "path /hunter2"),
    ],
)
def test_a_password_that_is_known_is_not_printed_wherever_it_stands(
    name: str, address: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, address)
    assert not re.search("hun|ter2|more", redacted(text))
    monkeypatch.delenv(name)
    assert not re.search("hun|ter2|more", redacted(text, address))


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "PGPASSWORD"])
def test_a_password_of_the_environment_is_not_printed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "hunter2")
    assert redacted("hunter2 is wrong") == "*** is wrong"


def test_a_relative_database_is_that_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("sqlite:///mlflow.db") == f"sqlite:///{tmp_path}/mlflow.db"
    assert absolute("http://host:5000") == "http://host:5000"
    assert sqlite_path(f"sqlite:///{tmp_path}/mlflow.db") == tmp_path / "mlflow.db"
    assert sqlite_path("http://host:5000") is None
