from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from sweep.config import AugmentConfig, Config, DataConfig, ModelConfig, ModelName, TrainConfig
from sweep.data.dataset import Dataset
from sweep.data.index import Split
from sweep.models.network import Anatomy
from sweep.models.weights import ResolvedWeights
from sweep.training.machine import Machine
from sweep.training.setup import TrialSetup

CLASSES = ("reddish", "greenish", "bluish")


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """75 noisy pictures of 36 × 36 pixels in three colours: 49 to train, so that batches of 16 leave one over."""
    generator = np.random.default_rng(0)
    labels = np.arange(75) % 3
    pictures = generator.integers(0, 170, (75, 36, 36, 3), dtype=np.uint8)
    pictures[np.arange(75), :, :, labels] += 60
    rows = np.arange(75)
    return Dataset(
        name="colours",
        root_shown="colours",
        classes=CLASSES,
        pictures=pictures,
        labels=labels.astype(np.int64),
        splits={Split.train: rows[:49], Split.val: rows[49:64], Split.test: rows[64:]},
        fingerprint="f" * 64,
        paths=tuple(f"{row}.png" for row in rows),
        manifest={},
        unreadable=(),
        handle={},
    )


@pytest.fixture
def make_setup(tmp_path):
    """(settings by name of a part, machine, trial) → a trial in a folder of its own."""

    def make(*, folder="trial", trial=0, replicate=0, channels_last=True, **parts) -> TrialSetup:
        parts = {
            "model": ModelConfig(name=ModelName.mnv3_small, weights="none"),
            "data": DataConfig(image_size=32),
            "train": TrainConfig(epochs=4, batch_size=16),
            "augment": AugmentConfig(),
        } | parts
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        machine = Machine("cpu", threads=1, channels_last=channels_last)
        return TrialSetup(Config(**parts), trial, replicate, ResolvedWeights("none"), machine, path)

    return make


@pytest.fixture
def plain_network(monkeypatch):
    """Trials train a convolution and a linear layer, in milliseconds: no BatchNorm, no dropout."""

    def build(config, num_classes, image_size, weights, seed):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, num_classes))

    monkeypatch.setattr("sweep.training.loop.build_model", build)
    monkeypatch.setattr("sweep.training.finetune.dissect", lambda config, network: Anatomy(network[-1], (network[0],)))
