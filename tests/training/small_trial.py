"""A trial that is trained in moments: a few noisy pictures of three colours and, if wanted, a network of two layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sweep.config import AugmentConfig, Config, DataConfig, ModelConfig, ModelName, TrainConfig
from sweep.data.dataset import Dataset
from sweep.data.index import Split
from sweep.models.architecture import Anatomy
from sweep.models.weights import ResolvedWeights
from sweep.training.machine import Machine
from sweep.training.setup import TrialSetup

CLASSES = ("reddish", "greenish", "bluish")


def make_dataset() -> Dataset:
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


def make_trial(folder: Path, *, trial: int = 0, replicate: int = 0, channels_last: bool = True, **parts: Any) -> TrialSetup:
    """A trial in `folder`; `parts` are settings by the name of their part."""
    parts = {
        "model": ModelConfig(name=ModelName.mnv3_small, weights="none"),
        "data": DataConfig(image_size=32),
        "train": TrainConfig(epochs=4, batch_size=16),
        "augment": AugmentConfig(),
    } | parts
    folder.mkdir(exist_ok=True)
    machine = Machine("cpu", threads=1, channels_last=channels_last)
    return TrialSetup(Config(**parts), trial, replicate, ResolvedWeights("none"), machine, folder)


def use_plain_network(put: Callable[[str, Any], None]) -> None:
    """Trials train a convolution and a linear layer, in milliseconds: no BatchNorm, no dropout. `put` sets a name of a module."""

    def build(config: ModelConfig, num_classes: int, image_size: int, weights: ResolvedWeights, seed: int) -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, num_classes))

    put("sweep.training.loop.build_model", build)
    put("sweep.training.finetune.dissect", lambda config, network: Anatomy(network[-1], (network[0],)))
