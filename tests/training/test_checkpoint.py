from __future__ import annotations

import hashlib
import io
import os

import pytest
import torch

from sweep.errors import CheckpointError
from sweep.training.checkpoint import load_checkpoint, save_checkpoint


def test_what_was_saved_is_loaded(tmp_path):
    save_checkpoint(tmp_path / "c.pt", "key", {"tensor": torch.arange(3), "number": 1.5})
    content = load_checkpoint(tmp_path / "c.pt", "key")
    assert content["number"] == 1.5
    assert torch.equal(content["tensor"], torch.arange(3))


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "c.pt"
    save_checkpoint(path, "key", {"tensor": torch.arange(3)})
    return path.read_bytes()


@pytest.mark.parametrize("flipped", [False, True], ids=["truncated", "bit flipped"])
def test_damage_at_any_offset_is_found(tmp_path, sound, flipped):
    path = tmp_path / "c.pt"
    for offset in range(len(sound)):
        changed = bytes([sound[offset] ^ 1 << offset % 8]) + sound[offset + 1 :] if flipped else b""
        path.write_bytes(sound[:offset] + changed)
        with pytest.raises(CheckpointError, match="damaged"):
            load_checkpoint(path, "key")


class Hostile:
    def __init__(self, canary):
        self._canary = canary

    def __reduce__(self):
        return os.system, (f"touch '{self._canary}'",)


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path):
    canary = tmp_path / "canary"
    save_checkpoint(tmp_path / "c.pt", "key", {"network": Hostile(canary)})
    with pytest.raises(CheckpointError, match="something other than plain values and tensors"):
        load_checkpoint(tmp_path / "c.pt", "key")
    assert not canary.exists()


@pytest.mark.parametrize(
    "damage", [lambda payload: payload[: len(payload) // 2], lambda payload: b"", lambda payload: b"PK\3\4" * 9]
)
def test_a_foreign_content_with_a_good_checksum_is_a_checkpoint_error(tmp_path, sound, damage):
    payload = damage(sound.partition(b"\n")[2])
    header = b"sweep-checkpoint 1 " + hashlib.sha256(payload).hexdigest().encode()
    (tmp_path / "c.pt").write_bytes(header + b"\n" + payload)
    with pytest.raises(CheckpointError, match="something other"):
        load_checkpoint(tmp_path / "c.pt", "key")


@pytest.mark.parametrize("content", [[1], torch.arange(3), {}], ids=["list", "tensor", "nothing"])
def test_another_kind_of_content_is_a_checkpoint_error(tmp_path, content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    header = b"sweep-checkpoint 1 " + hashlib.sha256(buffer.getvalue()).hexdigest().encode()
    (tmp_path / "c.pt").write_bytes(header + b"\n" + buffer.getvalue())
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "c.pt", "key")


def test_another_trials_checkpoint_is_refused(tmp_path):
    save_checkpoint(tmp_path / "c.pt", "one", {})
    with pytest.raises(CheckpointError, match="another trial"):
        load_checkpoint(tmp_path / "c.pt", "two")


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "c.pt"
    save_checkpoint(path, "key", {"number": 1})

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(path, "key", {"number": 2})
    assert load_checkpoint(path, "key") == {"number": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["c.pt"]
