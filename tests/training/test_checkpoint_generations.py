"""The checkpoint before the newest, and when it is used."""

from __future__ import annotations

import io
import os

import pytest
import torch
from tests.training.watcher import Killed, Watcher

from sweep.config import ExecutionConfig, OptimizerConfig, TrainConfig
from sweep.training.checkpoint import load_checkpoint, save_checkpoint

EVERY_EPOCH = {"train": TrainConfig(epochs=5, batch_size=16), "execution": ExecutionConfig(checkpoint_every_s=0.0)}
NEWEST, PREVIOUS = "checkpoint.pt", "checkpoint.previous.pt"


def cut(path):
    os.truncate(path, 1000)


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def remove(path):
    path.unlink()


def make_unreadable(path):
    path.unlink()
    path.symlink_to("/proc/self/mem")  # whose first bytes give EIO to everyone


def give_it_another_trials(path):
    save_checkpoint(path, "another trial's key", {})


def give_it_another_versions(path):
    content = load_checkpoint(path, key := key_of(path))
    name, first = next(iter(content["network"].items()))
    content["network"][name] = first[:1]
    save_checkpoint(path, key, content)


def key_of(path):
    return torch.load(io.BytesIO(path.read_bytes().partition(b"\n")[2]), weights_only=True)["key"]


DAMAGES = {
    cut: "is damaged",
    flip_a_bit: "is damaged",
    remove: "is gone",
    make_unreadable: "Input/output error",
    give_it_another_trials: "of another trial",
    give_it_another_versions: "another version of this program",
}


@pytest.fixture
def unbroken(make_setup, dataset, plain_network):
    return Watcher().run(make_setup(folder="unbroken", **EVERY_EPOCH), dataset, 5)


@pytest.fixture
def setup(make_setup, dataset, plain_network):
    """A trial that was killed in its fourth epoch: the newest checkpoint is of the third, the previous of the second."""
    setup = make_setup(**EVERY_EPOCH)
    with pytest.raises(Killed):
        Watcher(kill_after=3).run(setup, dataset, 5)
    return setup


def epoch_in(path):
    return len(load_checkpoint(path, key_of(path))["progress"]["reports"])


def test_two_checkpoints_are_there_while_a_trial_goes_on_and_one_when_it_is_complete(setup, dataset):
    assert [epoch_in(setup.folder / name) for name in (NEWEST, PREVIOUS)] == [3, 2]
    Watcher().run(setup, dataset, 5)
    assert sorted(path.name for path in setup.folder.glob("*.pt")) == [NEWEST]
    assert epoch_in(setup.folder / NEWEST) == 5


@pytest.mark.parametrize("damage", DAMAGES)
def test_where_the_newest_cannot_be_used_the_one_before_is_and_that_is_said(setup, dataset, unbroken, damage):
    damage(setup.folder / NEWEST)
    watcher = Watcher()
    assert watcher.run(setup, dataset, 5) == unbroken
    (notice,) = watcher.notices
    assert notice.startswith("goes on from the checkpoint before the newest: ")
    assert DAMAGES[damage] in notice


@pytest.mark.parametrize("damage", DAMAGES)
def test_where_neither_can_be_used_the_trial_begins_anew_and_says_why(setup, dataset, unbroken, damage):
    damage(setup.folder / PREVIOUS)
    flip_a_bit(setup.folder / NEWEST)
    watcher = Watcher()
    assert watcher.run(setup, dataset, 5) == unbroken
    (notice,) = watcher.notices
    assert notice.startswith("begins anew: ")
    assert str(setup.folder / NEWEST) in notice
    assert DAMAGES[damage] in notice or damage is remove


def test_a_damaged_checkpoint_never_takes_the_place_of_the_one_before(setup, dataset):
    flip_a_bit(setup.folder / NEWEST)
    with pytest.raises(Killed):
        Watcher(kill_after=3).run(setup, dataset, 5)
    assert [epoch_in(setup.folder / name) for name in (NEWEST, PREVIOUS)] == [3, 2]


def test_what_was_taken_over_of_a_checkpoint_that_turns_out_unusable_is_taken_back(make_setup, setup, dataset, unbroken):
    for name in (NEWEST, PREVIOUS):
        content = load_checkpoint(setup.folder / name, key := key_of(setup.folder / name))
        content["optimizer"] = {"param_groups": []}  # it is met after the network was filled
        save_checkpoint(setup.folder / name, key, content)
    assert Watcher().run(setup, dataset, 5) == unbroken


def test_of_two_checkpoints_the_one_that_is_not_past_the_epoch_asked_for_is_used(setup, dataset):
    watcher = Watcher()
    assert watcher.run(setup, dataset, 2).epoch == 2
    assert watcher.notices == ["goes on from the checkpoint before the newest: the checkpoint of epoch 3 is past epoch 2"]


def test_checkpoints_of_other_settings_are_both_refused(make_setup, setup, dataset):
    other = make_setup(**EVERY_EPOCH, optimizer=OptimizerConfig(lr=0.01))
    watcher = Watcher()
    watcher.run(other, dataset, 1)
    assert watcher.notices[0].count("is of another trial, or of other settings or pictures") == 2
