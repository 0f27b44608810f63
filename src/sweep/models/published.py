"""Pretrained weights on the network: downloaded once into torch's cache, and never waited for long."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import torch

from sweep.errors import WeightsError
from sweep.models.weights_file import file_sha256, read_weights

GIVE_A_FILE = "give a file: model.weights=/path/to/weights.pth, or train from scratch: model.weights=none"

_CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Published:
    """A file of weights that its makers offer."""

    source: str
    """What records call it."""
    url: str
    file_name: str
    """In torch's cache. One that ends in `-<8 or more hex digits>` before its suffix names the beginning of its sha256."""
    elsewhere: Path | None = None
    """The same file, where another program has downloaded it."""

    @property
    def sha256_prefix(self) -> str | None:
        found = re.search(r"-([0-9a-f]{8,64})\.", self.file_name)
        return found[1] if found else None


def obtain(published: Published) -> Path:
    """The file, downloaded only if it is on this machine nowhere. Raises WeightsError when it cannot be had."""
    if published.elsewhere is not None:
        return published.elsewhere
    path = Path(torch.hub.get_dir()) / "checkpoints" / published.file_name
    try:
        if not (path.is_file() and file_sha256(path).startswith(published.sha256_prefix or "")):
            _download(published, path)
    except (OSError, HTTPException, RuntimeError) as error:
        problem = f"the pretrained weights are neither at {path} nor can they be downloaded ({error})"
        raise WeightsError(problem, GIVE_A_FILE) from error
    return path


def _download(published: Published, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _socket_timeout(_CONNECT_TIMEOUT_S):  # torch.hub sets none: without a network it would wait for minutes
        torch.hub.download_url_to_file(published.url, str(path), hash_prefix=published.sha256_prefix, progress=False)
    if published.sha256_prefix is None:
        try:
            read_weights(path)
        except WeightsError as error:  # a connection that broke off leaves a torso, which nothing else would notice
            path.unlink()
            raise RuntimeError("what came is damaged") from error


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
