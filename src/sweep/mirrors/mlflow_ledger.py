"""How far MLflow was brought up to the journal, and which runs are whose: `mirrors/mlflow.json` in the study's folder.

Kept per tracking server, so that one study can be shown on several. It may be lost: everything in it is found again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sweep.errors import TrackingError
from sweep.journal.files import write_atomic

STUDY = "study"
"""The key of the parent run; a trial's is its number."""


@dataclass(slots=True)
class Ledger:
    """One study on one tracking server."""

    uri: str
    """Without its password; names the server."""
    uid: str
    cursor: int = 0
    runs: dict[str, str] = field(default_factory=dict)
    """Run id by key."""
    deleted: list[str] = field(default_factory=list)
    """Keys of the runs that somebody deleted on the server: they stay deleted."""


def ledger_path(folder: Path) -> Path:
    return folder / "mirrors" / "mlflow.json"


def load_ledger(folder: Path, uri: str, uid: str) -> Ledger:
    """The ledger of the study `uid` for the server `uri`; an empty one when there is none or it is damaged."""
    found = _read(folder).get(_key(uri))
    try:
        ledger = Ledger(**found) if found else Ledger(uri, uid)
    except TypeError:
        return Ledger(uri, uid)
    return ledger if ledger.uid == uid else Ledger(uri, uid)


def save_ledger(folder: Path, ledger: Ledger) -> None:
    """Raises TrackingError when the folder cannot be written."""
    path = ledger_path(folder)
    try:
        path.parent.mkdir(exist_ok=True)
        content = _read(folder) | {_key(ledger.uri): asdict(ledger)}
        write_atomic(path, json.dumps(content, indent=1))
    except OSError as error:
        raise TrackingError(f"{path} cannot be written: {error.strerror}", "make room, or allow writing there") from error


def _key(uri: str) -> str:
    return hashlib.sha256(uri.encode()).hexdigest()[:16]


def _read(folder: Path) -> dict[str, Any]:
    try:
        content = json.loads(ledger_path(folder).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
