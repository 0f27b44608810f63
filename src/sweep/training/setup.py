"""Everything a trial's training depends on besides its pictures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from sweep.config import Config
from sweep.config.fields import to_plain
from sweep.config.seeds import derive_seed
from sweep.data.dataset import Dataset
from sweep.data.index import Split
from sweep.models.preprocessing import Preprocessing
from sweep.models.weights import ResolvedWeights
from sweep.training.machine import Machine


@dataclass(frozen=True, slots=True)
class TrialSetup:
    """One trial (or a replicate of it) as a worker gets it."""

    config: Config
    """With the trial's values put in."""
    trial: int
    replicate: int
    weights: ResolvedWeights
    machine: Machine
    folder: Path
    """Of this trial alone: checkpoint.pt, best.safetensors and evaluation.json."""

    @property
    def seed(self) -> int:
        """From which every random stream of the trial is derived."""
        return derive_seed(self.config.seed, "trial", self.trial, self.replicate)

    def preprocessing(self, dataset: Dataset) -> Preprocessing:
        """With the pretrained weights' own statistics, or the training split's when there are none."""
        size = self.config.data.image_size
        if self.weights.mean is not None and self.weights.std is not None:
            return Preprocessing(size, self.weights.mean, self.weights.std)
        return Preprocessing.from_training_split(dataset.pictures, dataset.splits[Split.train], size)

    def key(self, dataset: Dataset) -> str:
        """A hash of everything the trial is a function of: a checkpoint with another key belongs to another trial."""
        config = self.config
        model = to_plain(config.model)
        model.pop("weights")  # the file's hash says it, wherever the file lies
        parts = (config.optimizer, config.schedule, config.finetune, config.train, config.augment)
        plain = [config.objective, model, *map(to_plain, parts)]
        sources = [self.seed, self.weights.sha256, dataset.fingerprint, dataset.stored_size, config.data.image_size]
        text = json.dumps([plain, sources, self.machine.to_plain()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
