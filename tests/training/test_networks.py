"""Every network trains, pauses, goes on as if it had not, and is what its file says."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import re
import shutil

import numpy as np
import pytest
import torch
from tests.training.watcher import Watcher

from sweep.config import FinetuneConfig, ModelConfig, ModelName, OptimizerConfig, OptimizerName, TrainConfig
from sweep.config.choices import FinetuneStrategy, ModelLibrary
from sweep.data.index import Split
from sweep.models.weights_file import weights_sha256
from sweep.training.evaluate import score_split
from sweep.training.loop import Training
from sweep.training.machine import use_machine

QUICK = (ModelName.mnv3_small, ModelName.mobilenet_v2, ModelName.resnet18)
NETWORKS = [
    *(
        pytest.param(ModelConfig(name=name, weights="none"), id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name in ModelName
    ),
    pytest.param(ModelConfig(library=ModelLibrary.timm, name="test_vit", weights="none"), id="timm"),
]
PLAIN = OptimizerConfig(
    name=OptimizerName.sgd, lr=1e-2, momentum=0.0
)  # keeps no state: of a large network it takes seconds to write


@pytest.fixture(scope="module")
def few(dataset):
    """24 pictures to train and 16 to validate."""
    rows = np.arange(40)
    return dataclasses.replace(dataset, splits={Split.train: rows[:24], Split.val: rows[24:], Split.test: rows[:0]})


@pytest.mark.parametrize("model", NETWORKS)
def test_it_trains_and_paused_it_is_bitwise_the_one_that_never_was_and_its_file_scores_as_reported(model, make_setup, few):
    setup = make_setup(model=model, optimizer=PLAIN, train=TrainConfig(epochs=2, batch_size=24))
    use_machine(setup.machine)
    whole = Training(setup, few)
    expected = [whole.run_epoch().metrics for _ in range(2)]
    best_epoch, sha256 = whole.progress.best.epoch, weights_sha256(whole.progress.best.weights)
    del whole  # of two large networks at once one is too many
    assert expected[0]["train/loss"] != expected[1]["train/loss"]

    paused = Training(setup, few)
    paused.run_epoch()
    paused.save()
    del paused
    watcher = Watcher()
    result = watcher.run(setup, few, 2)
    assert watcher.notices == []
    assert [watcher.metrics[epoch] for epoch in (1, 2)] == expected
    assert (result.best_epoch, result.weights_sha256) == (best_epoch, sha256)
    scores = score_split(setup, few, Split.val, setup.folder / "best.safetensors")
    best = expected[best_epoch - 1]
    assert (scores["val/accuracy"], scores["val/loss"]) == (best["val/accuracy"], best["val/loss"])
    shutil.rmtree(setup.folder)  # up to a gigabyte, which pytest would keep for three runs


@pytest.mark.parametrize(
    ("model", "top"),
    [
        (ModelConfig(name=ModelName.resnet18), "layer4"),
        (ModelConfig(library=ModelLibrary.timm, name="test_vit"), "blocks.5|norm"),
    ],
    ids=lambda value: value.name if isinstance(value, ModelConfig) else value,
)
@pytest.mark.parametrize("strategy", [FinetuneStrategy.frozen, FinetuneStrategy.gradual])
def test_what_is_frozen_stays_as_it_was_statistics_and_embeddings_included(model, top, strategy, make_setup, few):
    finetune = FinetuneConfig(strategy=strategy, frozen_share=0.5, top_share=0.2)
    setup = make_setup(model=model, finetune=finetune, optimizer=PLAIN, train=TrainConfig(epochs=2, batch_size=24))
    use_machine(setup.machine)
    training = Training(setup, few)
    states = [copy.deepcopy(training.network.state_dict())]
    for _ in range(2):
        training.run_epoch()
        states.append(copy.deepcopy(training.network.state_dict()))
    changed = [{key for key in after if not torch.equal(after[key], before[key])} for before, after in itertools.pairwise(states)]
    head = r"(fc|head)\."
    assert changed[0] and all(re.match(head, key) for key in changed[0])
    learning = rf"{head}|({top})\." if strategy is FinetuneStrategy.gradual else head
    assert all(re.match(learning, key) for key in changed[1])
    assert any(re.match(top, key) for key in changed[1]) == (strategy is FinetuneStrategy.gradual)
