"""Tracking URIs: as one can print them, and as they stay valid from another folder."""

from __future__ import annotations

import re
from pathlib import Path

from sweep.errors import printable

SQLITE = "sqlite:///"
_USER = re.compile(r"://[^/\s]*@")
_SECRET = re.compile(r"((?:password|passwd|pwd|token|secret|key)=)[^&\s]+", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text` without the user names and passwords of the addresses in it, on one line."""
    return printable(_SECRET.sub(r"\1***", _USER.sub("://***@", text)))


def absolute(uri: str) -> str:
    """A relative SQLite address made absolute; any other address as it is."""
    path = sqlite_path(uri)
    return uri if path is None else f"{SQLITE}{path}"


def sqlite_path(uri: str) -> Path | None:
    """The database file of a SQLite address, None for any other."""
    if not uri.startswith(SQLITE) or uri == SQLITE:
        return None
    return Path(uri.removeprefix(SQLITE)).absolute()
