"""Random streams by name: each is derived from what it is for, never from another stream's running state."""

from __future__ import annotations

import hashlib


def derive_seed(seed: int, *purpose: str | int) -> int:
    """A seed in [0, 2**63) that depends on `seed` and every part of `purpose`, and on nothing else.

    `derive_seed(7, "trial", 3, "epoch", 2, "dropout")` is the same number on every machine and in every process, so a
    stream can be rebuilt in the middle of a trial without replaying what came before.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
