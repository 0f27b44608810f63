"""The training pictures of one epoch, batch by batch, as the network sees them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from sweep.config.seeds import derive_seed
from sweep.data.augment import Augment, draw_views
from sweep.data.batches import draw_places, gather, training_batches
from sweep.data.dataset import Dataset
from sweep.data.index import Split
from sweep.data.mix import draw_mixes, mix
from sweep.models.preprocessing import Preprocessing
from sweep.training.machine import Machine
from sweep.training.setup import TrialSetup


class Epoch:
    """Everything random in it is drawn beforehand, from the trial's seed and the epoch's number."""

    def __init__(self, setup: TrialSetup, dataset: Dataset, preprocessing: Preprocessing, machine: Machine, number: int) -> None:
        """Epoch `number`, from 1."""
        config, seed = setup.config, setup.seed
        indices = dataset.splits[Split.train]
        places = draw_places(dataset.labels[indices], config.train.sampling, derive_seed(seed, "sampling", number))
        scaled = config.augment.scaled()
        self._mixes = None
        if scaled.mixup or scaled.cutmix:
            self._mixes = draw_mixes(config.augment, len(places), derive_seed(seed, "mix", number))
        self._views = draw_views(len(places), derive_seed(seed, "augment", number))
        self._batches = training_batches(len(places), config.train.batch_size, derive_seed(seed, "shuffle", number))
        self._indices = indices[places]
        self._augment = Augment(config.augment, config.data.image_size)
        self._dataset, self._preprocessing, self._machine = dataset, preprocessing, machine

    def __len__(self) -> int:
        """Batches."""
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Pictures `(B, 3, image_size, image_size)` float32 with labels `(B,)`, or shares of the classes `(B, C)` if mixed."""
        dataset, device = self._dataset, self._machine.device
        for rows in self._batches:
            chosen = self._indices[rows.numpy()]
            pictures = gather(dataset.pictures, chosen).to(device, non_blocking=True)
            labels = torch.from_numpy(dataset.labels[chosen]).to(device, non_blocking=True)
            inputs = self._preprocessing(self._augment(pictures, self._views[rows]))
            if self._mixes is not None:  # last of all: a rectangle's share of the label is its share of what is seen
                inputs, labels = mix(inputs, labels, len(dataset.classes), self._mixes[rows])
            yield self._machine.arrange(inputs), labels
