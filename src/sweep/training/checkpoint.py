"""A trial's state on disk: one line with a checksum, then what `torch.save` writes."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from sweep.errors import CheckpointError
from sweep.journal.files import write_atomic

_MAGIC = b"sweep-checkpoint 1 "
_REMEDY = "delete it: the trial is trained again from its start"


def save_checkpoint(path: Path, key: str, content: dict[str, Any]) -> None:
    """Writes `content` (plain values and tensors) for the trial with `key`; the old file stays whole until then.

    Raises OSError.
    """
    buffer = io.BytesIO()
    torch.save({"key": key, **content}, buffer)
    payload = buffer.getvalue()
    write_atomic(path, _MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)


def load_checkpoint(path: Path, key: str) -> dict[str, Any]:
    """What `save_checkpoint` wrote for the trial with `key`, on the CPU.

    Raises CheckpointError when the file is damaged or of another trial; nothing in it is ever run.
    """
    header, _, payload = path.read_bytes().partition(b"\n")
    if header != _MAGIC + hashlib.sha256(payload).hexdigest().encode():
        raise CheckpointError(f"the checkpoint {path} is damaged", _REMEDY)
    content: dict[str, Any] = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    if content.pop("key") != key:
        raise CheckpointError(f"the checkpoint {path} is of another trial, or of other settings or pictures", _REMEDY)
    return content
