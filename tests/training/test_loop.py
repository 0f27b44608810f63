from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from tests.training.watcher import Watcher

from sweep.config import (
    ExecutionConfig,
    ModelConfig,
    ModelName,
    Objective,
    OptimizerConfig,
    OptimizerName,
    ScheduleConfig,
    TrainConfig,
)
from sweep.data.index import Split
from sweep.errors import DataError
from sweep.journal.events import JobOutcome
from sweep.training.evaluate import score_split
from sweep.training.failure import TrainingFailed
from sweep.training.loop import Training, train

METRICS = {"train/loss", "train/accuracy", "val/loss", "val/accuracy", "val/macro_f1", "gap/accuracy", "lr"}


@pytest.mark.parametrize(("optimizer", "channels_last"), [(OptimizerName.adamw, True), (OptimizerName.sgd, False)])
def test_a_trial_stopped_after_every_epoch_is_bitwise_the_one_that_never_stopped(make_setup, dataset, optimizer, channels_last):
    parts = {"optimizer": OptimizerConfig(name=optimizer), "channels_last": channels_last}
    whole = Watcher()
    expected = whole.run(make_setup(folder="whole", **parts), dataset, 3)
    pieces = [Watcher(stop_after=epoch) for epoch in (1, 2, 3)]
    outcomes = [piece.run(make_setup(folder="pieces", **parts), dataset, 3) for piece in pieces]
    assert [outcome.outcome for outcome in outcomes] == [JobOutcome.interrupted] * 2 + [JobOutcome.reached]
    assert [outcome.epoch for outcome in outcomes] == [1, 2, 3]
    assert pieces[-1].metrics == whole.metrics
    assert outcomes[-1] == expected


def test_every_epoch_is_reported_with_every_metric_and_the_gap_is_training_minus_validation(make_setup, dataset):
    watcher = Watcher()
    watcher.run(make_setup(), dataset, 2)
    assert [report.epoch for report in watcher.reports] == [1, 2]
    for report in watcher.reports:
        assert report.metrics.keys() == METRICS
        assert report.metrics["gap/accuracy"] == report.metrics["train/accuracy"] - report.metrics["val/accuracy"]
        assert report.timings.keys() == {"epoch_s", "pictures_per_s"}


def test_every_batch_is_a_sign_of_life_in_training_and_in_validation(make_setup, dataset, plain_network):
    train_config = TrainConfig(epochs=4, batch_size=16, micro_batch=8)
    many = dataclasses.replace(dataset, splits={**dataset.splits, Split.val: np.arange(70)})
    beats, epochs = [], []

    def note(report):
        epochs.append(len(beats))

    watched = {"on_epoch": note, "should_stop": lambda: False, "on_notice": print}
    train(make_setup(train=train_config), many, 2, **watched, on_batch=lambda: beats.append(1))
    assert epochs[0] >= 3, "building, reading weights and the checkpoint are long steps too"
    assert epochs[1] - epochs[0] == 3 * 2 + 2, "three batches in two parts each; 70 pictures to validate in two"


def test_a_job_to_a_rung_pauses_there_and_the_next_one_reports_from_the_start(make_setup, dataset):
    first, second = Watcher(), Watcher()
    assert first.run(make_setup(), dataset, 2).outcome is JobOutcome.reached
    assert second.run(make_setup(), dataset, 4).epoch == 4
    assert [report.epoch for report in second.reports] == [1, 2, 3, 4]
    assert second.reports[:2] == first.reports


def test_a_finished_job_done_again_trains_nothing_and_writes_what_is_missing(make_setup, dataset):
    setup = make_setup()
    first, again = Watcher(), Watcher()
    expected = first.run(setup, dataset, 2)
    written = (setup.folder / "checkpoint.pt").stat().st_mtime_ns
    (setup.folder / "best.safetensors").unlink()
    (setup.folder / "evaluation.json").unlink()
    assert again.run(setup, dataset, 2) == expected
    assert again.reports == first.reports, "timings included: they are those of the first time"
    assert (setup.folder / "checkpoint.pt").stat().st_mtime_ns == written
    assert (setup.folder / "best.safetensors").exists()
    assert (setup.folder / "evaluation.json").exists()


def test_the_checkpoint_of_a_complete_trial_drops_the_optimizer(make_setup, dataset):
    setup = make_setup()
    Watcher().run(setup, dataset, 3)
    paused = (setup.folder / "checkpoint.pt").stat().st_size
    Watcher().run(setup, dataset, 4)
    assert (setup.folder / "checkpoint.pt").stat().st_size < 0.6 * paused


def test_between_rungs_checkpoints_are_as_old_as_the_configuration_allows(make_setup, dataset):
    class Killed(Exception):
        pass

    def die(report):
        if report.epoch == 3:
            raise Killed

    for seconds, resumed_at in ((0.0, 2), (3600.0, 0)):
        setup = make_setup(folder=f"every-{seconds}", execution=ExecutionConfig(checkpoint_every_s=seconds))
        with pytest.raises(Killed):
            train(setup, dataset, 4, on_epoch=die, should_stop=lambda: False, on_notice=print)
        training = Training(setup, dataset)
        training.resume(99, print)
        assert training.progress.epoch == resumed_at


def test_a_checkpoint_past_the_epoch_asked_for_is_not_taken_for_an_early_result(make_setup, dataset):
    expected = Watcher().run(make_setup(folder="sound"), dataset, 1)
    setup = make_setup()
    Watcher().run(setup, dataset, 3)
    said = []
    result = train(setup, dataset, 1, on_epoch=lambda report: None, should_stop=lambda: False, on_notice=said.append)
    assert result.epoch == 1 and result.weights_sha256 == expected.weights_sha256
    assert "past epoch 1" in said[0]


@pytest.mark.parametrize("damage", ["cut", "changed", "other settings"])
def test_a_checkpoint_that_cannot_be_used_is_said_and_the_trial_begins_anew(make_setup, dataset, damage):
    expected = Watcher().run(make_setup(folder="sound"), dataset, 2)
    other = {"optimizer": OptimizerConfig(lr=0.01)} if damage == "other settings" else {}
    setup = make_setup()
    Watcher().run(make_setup(**other), dataset, 1)
    content = bytearray((setup.folder / "checkpoint.pt").read_bytes())
    if damage == "changed":
        content[len(content) // 2] ^= 1
    if damage == "cut":
        del content[1000:]
    (setup.folder / "checkpoint.pt").write_bytes(content)
    watcher = Watcher()
    assert watcher.run(setup, dataset, 2) == expected
    assert len(watcher.notices) == 1
    assert "begins anew: " in watcher.notices[0]


def test_loss_that_becomes_nan_fails_the_trial_and_names_the_epoch(make_setup, dataset):
    training = Training(make_setup(), dataset)
    training.run_epoch()
    next(training.network.parameters()).data.fill_(torch.nan)
    with pytest.raises(TrainingFailed, match="^epoch 2: training loss became NaN$"):
        training.run_epoch()


def test_a_learning_rate_that_is_far_too_high_fails_the_trial(make_setup, dataset):
    optimizer = OptimizerConfig(name=OptimizerName.sgd, lr=10.0, momentum=0.99)
    watcher = Watcher()
    outcome = watcher.run(make_setup(optimizer=optimizer, schedule=ScheduleConfig(warmup_epochs=0)), dataset, 4)
    assert outcome.outcome is JobOutcome.failed
    assert outcome.reason.startswith(f"epoch {len(watcher.reports) + 1}: ")
    assert "loss" in outcome.reason
    assert outcome.epoch == len(watcher.reports) < 4
    assert outcome.best_epoch is None


def allocate_too_much():
    return torch.empty(2**60, dtype=torch.uint8)


def refuse_as_a_gpu_does():
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


OUT_OF_MEMORY = (
    "out of memory on cpu with train.batch_size=16 and data.image_size=32;"
    " less is taken with a smaller one of these, or with train.micro_batch"
)


@pytest.mark.parametrize("allocate", [allocate_too_much, refuse_as_a_gpu_does])
@pytest.mark.parametrize("in_training", [True, False], ids=["in training", "in validation"])
def test_running_out_of_memory_fails_the_trial_and_says_what_takes_less(
    make_setup, dataset, plain_network, monkeypatch, allocate, in_training
):
    class Greedy(torch.nn.Conv2d):
        def forward(self, pictures):
            return allocate() if self.training is in_training else super().forward(pictures)

    monkeypatch.setattr("torch.nn.Conv2d", Greedy)
    watcher = Watcher()
    result = watcher.run(make_setup(), dataset, 2)
    assert (result.outcome, result.epoch, result.reason) == (JobOutcome.failed, 0, OUT_OF_MEMORY)


@pytest.mark.parametrize("allocate", [allocate_too_much, refuse_as_a_gpu_does])
def test_a_network_that_does_not_fit_onto_the_device_fails_the_trial_too(make_setup, dataset, monkeypatch, allocate):
    monkeypatch.setattr("sweep.training.loop.build_model", lambda *settings: allocate())
    result = Watcher().run(make_setup(), dataset, 2)
    assert (result.outcome, result.epoch, result.reason) == (JobOutcome.failed, 0, OUT_OF_MEMORY)


def test_another_error_is_not_taken_for_the_trials_failure(make_setup, dataset):
    class Wrong(torch.nn.Module):
        def forward(self, pictures):
            return pictures @ torch.zeros(5, 5)

    training = Training(make_setup(), dataset)
    training.network = Wrong()
    with pytest.raises(RuntimeError, match="Expected size"):
        training.run_epoch()


@pytest.mark.parametrize("split", [Split.train, Split.val])
def test_too_few_pictures_are_refused(make_setup, dataset, split):
    few = dataclasses.replace(dataset, splits={**dataset.splits, split: np.array([0])[: split is Split.train]})
    with pytest.raises(DataError, match="too few pictures"):
        Training(make_setup(), few)


def test_trials_and_replicates_have_seeds_of_their_own(make_setup, dataset):
    hashes = {
        Watcher().run(make_setup(folder=f"{trial}-{replicate}", trial=trial, replicate=replicate), dataset, 1).weights_sha256
        for trial, replicate in ((0, 0), (1, 0), (0, 1))
    }
    assert len(hashes) == 3


def test_colours_are_learnt_and_the_written_weights_score_as_reported(make_setup, dataset):
    setup = make_setup(
        model=ModelConfig(name=ModelName.mnv3_small, weights="none", batchnorm_momentum=0.3),
        train=TrainConfig(epochs=7, batch_size=16),
        optimizer=OptimizerConfig(lr=1e-2),
    )
    watcher = Watcher()
    outcome = watcher.run(setup, dataset, 7)
    best = watcher.metrics[outcome.best_epoch]
    assert best["val/accuracy"] == max(metrics["val/accuracy"] for metrics in watcher.metrics.values()) > 0.8
    scores = score_split(setup, dataset, Split.val, setup.folder / "best.safetensors")
    assert (scores["val/accuracy"], scores["val/loss"]) == (best["val/accuracy"], best["val/loss"])
    written = json.loads((setup.folder / "evaluation.json").read_text())
    assert written["epoch"] == outcome.best_epoch
    assert written["accuracy"] == best["val/accuracy"]
    assert [row["support"] for row in written["per_class"]] == [sum(row) for row in written["confusion"]] == [5, 5, 5]
    assert [row["name"] for row in written["per_class"]] == list(dataset.classes)


def test_both_memory_formats_learn_the_same_up_to_rounding(make_setup, dataset):
    losses = []
    for channels_last in (True, False):
        watcher = Watcher()
        watcher.run(make_setup(folder=f"{channels_last}", channels_last=channels_last), dataset, 1)
        losses.append(watcher.metrics[1]["train/loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_the_best_epoch_is_chosen_by_the_objective(make_setup, dataset):
    watcher = Watcher()
    outcome = watcher.run(make_setup(objective=Objective.loss), dataset, 4)
    assert outcome.best_epoch == min(watcher.metrics, key=lambda epoch: watcher.metrics[epoch]["val/loss"])
