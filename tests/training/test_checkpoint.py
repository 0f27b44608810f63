from __future__ import annotations

import pytest
import torch

from sweep.errors import CheckpointError
from sweep.training.checkpoint import load_checkpoint, save_checkpoint


def test_what_was_saved_is_loaded(tmp_path):
    save_checkpoint(tmp_path / "c.pt", "key", {"tensor": torch.arange(3), "number": 1.5})
    content = load_checkpoint(tmp_path / "c.pt", "key")
    assert content["number"] == 1.5
    assert torch.equal(content["tensor"], torch.arange(3))


@pytest.mark.parametrize("position", [0, 25, 90, -1])
def test_one_changed_byte_is_found(tmp_path, position):
    path = tmp_path / "c.pt"
    save_checkpoint(path, "key", {"tensor": torch.arange(3)})
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path, "key")


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
