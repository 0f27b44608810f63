"""Tracking URIs: as one can print them, and as they stay valid from another folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from sweep.errors import printable

SQLITE = "sqlite:///"
_USER = re.compile(r"://[^/\s]*@")
_SECRET = re.compile(r"((?:password|passwd|pwd|token|secret|key)=)[^&\s]+", re.IGNORECASE)
_ADDRESSES = ("MLFLOW_TRACKING_URI", "OPTUNA_STORAGE")
_PASSWORDS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "PGPASSWORD")
_MIN_PASSWORD_CHARS = 4
"""What is shorter stands in half of all words."""


def redacted(text: str, *uris: str) -> str:
    """`text` without the user names and passwords of the addresses in it, on one line.

    A password that is known, from `uris` or the environment, goes wherever it stands: a library that misreads an address
    shows a part of it as a host, a port or a path.
    """
    text = _SECRET.sub(r"\1***", _USER.sub("://***@", text))
    known = {secret for uri in (*uris, *_from_environment(_ADDRESSES)) for secret in _passwords(uri)}
    for secret in sorted({*known, *_from_environment(_PASSWORDS)}, key=len, reverse=True):
        if len(secret) >= _MIN_PASSWORD_CHARS:
            text = text.replace(secret, "***")
    return printable(text)


def _from_environment(names: tuple[str, ...]) -> Iterator[str]:
    return (os.environ[name] for name in names if name in os.environ)


def _passwords(uri: str) -> Iterator[str]:
    """The address's password as it is written and as it is meant, and the parts that are left where it is cut."""
    user = uri.partition("://")[2].rpartition("@")[0]
    password = "" if uri.startswith(SQLITE) else user.partition(":")[2]
    for text in {password, unquote(password)}:
        yield from (text, *re.split(r"[/@:?#]", text))


def absolute(uri: str) -> str:
    """A relative SQLite address made absolute; any other address as it is."""
    path = sqlite_path(uri)
    return uri if path is None else f"{SQLITE}{path}"


def sqlite_path(uri: str) -> Path | None:
    """The database file of a SQLite address, None for any other."""
    if not uri.startswith(SQLITE) or uri == SQLITE:
        return None
    return Path(uri.removeprefix(SQLITE)).absolute()
