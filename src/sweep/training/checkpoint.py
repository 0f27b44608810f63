"""A trial's state on disk: one line with a checksum, then what `torch.save` writes; and the state before it."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from sweep.errors import CheckpointError, explain
from sweep.journal.files import write_atomic
from sweep.journal.layout import CHECKPOINT, PREVIOUS_CHECKPOINT

_MAGIC = b"sweep-checkpoint 1 "
_REMEDY = "delete it: the trial is trained again from its start"


class Checkpoints:
    """The newest state of a trial and the one before, which is there in case the newest cannot be used."""

    def __init__(self, folder: Path, key: str) -> None:
        """In the trial's `folder`; `key` is a hash of everything that the trial is a function of."""
        self._newest, self._previous = folder / CHECKPOINT, folder / PREVIOUS_CHECKPOINT
        self._key = key
        self._newest_is_sound = False

    def resume(self, use: Callable[[dict[str, Any]], None]) -> str:
        """Hands what the newest checkpoint holds to `use`, or, where that fails, what the previous one holds.

        It fails when the file cannot be read or is damaged, and when `use` raises CheckpointError. Returns what the user
        should read; nothing if the newest was used, or there is none at all.
        """
        problems = []
        for path in (self._newest, self._previous):
            if path is self._newest and not path.exists() and self._previous.exists():
                problems.append(f"the checkpoint {path} is gone")
            if not path.exists():
                continue
            try:
                use(load_checkpoint(path, self._key))
            except CheckpointError as error:
                problems.append(error.problem)
            except OSError as error:
                problems.append(f"the checkpoint {explain(error, path)}")
            else:
                self._newest_is_sound = path is self._newest
                return f"goes on from the checkpoint before the newest: {problems[0]}" if problems else ""
        return f"begins anew: {'; '.join(problems)}" if problems else ""

    def save(self, content: dict[str, Any]) -> None:
        """Writes `content` (plain values and tensors); the newest checkpoint becomes the previous one. Raises OSError."""
        # One that could not be used must not take the place of the one that was.
        save_checkpoint(self._newest, self._key, content, self._previous if self._newest_is_sound else None)
        self._newest_is_sound = True

    def drop_previous(self) -> None:
        """A trial that is complete will not go on from there."""
        self._previous.unlink(missing_ok=True)


def save_checkpoint(path: Path, key: str, content: dict[str, Any], previous: Path | None = None) -> None:
    """Writes `content` (plain values and tensors) for the trial with `key`; the old file stays whole until then.

    With `previous` it stays beyond that, under this name. Raises OSError.
    """
    buffer = io.BytesIO()
    torch.save({"key": key, **content}, buffer)
    payload = buffer.getvalue()
    write_atomic(path, _MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload, previous)


def load_checkpoint(path: Path, key: str) -> dict[str, Any]:
    """What `save_checkpoint` wrote for the trial with `key`, on the CPU.

    Raises CheckpointError when the file is damaged or of another trial, and OSError; nothing in it is ever run.
    """
    header, _, payload = path.read_bytes().partition(b"\n")
    if header != _MAGIC + hashlib.sha256(payload).hexdigest().encode():
        raise CheckpointError(f"the checkpoint {path} is damaged", _REMEDY)
    content = _unpack(path, payload)
    if content.pop("key", None) != key:
        raise CheckpointError(f"the checkpoint {path} is of another trial, or of other settings or pictures", _REMEDY)
    return content


def _unpack(path: Path, payload: bytes) -> dict[str, Any]:
    """A checksum can be made for any content: what was not written by `save_checkpoint` is refused here."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of pickle's protocol; what matters is said below
            content = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except Exception as error:  # what a foreign archive raises is anyone's guess
        raise CheckpointError(f"the checkpoint {path} holds something other than plain values and tensors", _REMEDY) from error
    if not isinstance(content, dict):
        raise CheckpointError(f"the checkpoint {path} holds something other than a trial's state", _REMEDY)
    return content
