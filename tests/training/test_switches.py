"""Each switch of training by what it does to a trial, and all of them at once."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from tests.training.watcher import Killed, Watcher

from sweep.config import (
    AugmentConfig,
    ClassWeights,
    FinetuneConfig,
    FinetuneStrategy,
    ModelConfig,
    ModelName,
    OptimizerConfig,
    OptimizerName,
    Precision,
    Sampling,
    ScheduleConfig,
    ScheduleName,
    TrainConfig,
)
from sweep.config.study import ExecutionConfig
from sweep.data.index import Split
from sweep.journal.events import JobOutcome
from sweep.models.weights_file import weights_sha256
from sweep.training.checkpoint import load_checkpoint
from sweep.training.epoch import Epoch
from sweep.training.evaluate import evaluate, predict, score_split
from sweep.training.loop import Training

PLAIN_SGD = OptimizerConfig(name=OptimizerName.sgd, momentum=0.0, weight_decay=0.0, lr=0.1)
AT_ONCE = ScheduleConfig(name=ScheduleName.constant, warmup_epochs=0)
UNSEEN_LR = OptimizerConfig(lr=1e-12)  # the network stays what it is, and so does everything that is measured of it
EVERYTHING = {
    "model": ModelConfig(name=ModelName.mnv3_small),
    "optimizer": OptimizerConfig(lr=3e-3, backbone_lr_scale=0.5),
    "schedule": ScheduleConfig(name=ScheduleName.plateau, warmup_epochs=1, patience=1, factor=0.5),
    "finetune": FinetuneConfig(strategy=FinetuneStrategy.gradual),
    "augment": AugmentConfig(mixup=0.4, cutmix=0.4),
    "train": TrainConfig(
        epochs=5,
        batch_size=16,
        micro_batch=6,
        precision=Precision.bf16,
        label_smoothing=0.1,
        class_weights=ClassWeights.inverse,
        sampling=Sampling.balanced,
        clip_norm=0.5,
        ema_decay=0.8,
        early_stopping=4,
    ),
    "execution": ExecutionConfig(checkpoint_every_s=0.0),
}


def weights_of(training):
    return torch.cat([parameter.detach().flatten() for parameter in training.network.parameters()])


@pytest.mark.slow
@pytest.mark.parametrize("name", [OptimizerName.adamw, OptimizerName.sgd])
def test_with_everything_on_a_trial_killed_after_every_epoch_is_bitwise_the_one_that_never_was(make_setup, dataset, name):
    whole = Watcher()
    everything = EVERYTHING | {"optimizer": dataclasses.replace(EVERYTHING["optimizer"], name=name)}
    setup = make_setup(folder="whole", **everything)
    expected = whole.run(setup, dataset, 4)
    for epoch in (1, 2, 3):
        with pytest.raises(Killed):
            Watcher(kill_after=epoch).run(make_setup(folder="killed", **everything), dataset, 4)
    last = Watcher()
    assert last.run(make_setup(folder="killed", **everything), dataset, 4) == expected
    assert last.metrics == whole.metrics
    assert whole.metrics[4]["lr"] < whole.metrics[1]["lr"], "the plateau came, so that its memory was part of this"
    scores = score_split(setup, dataset, Split.val, setup.folder / "best.safetensors")
    assert scores.items() <= whole.metrics[expected.best_epoch].items(), "in bfloat16, as it was validated"


def test_twelve_batches_an_epoch_stopped_and_continued_after_every_epoch_are_bitwise_the_trial_that_never_stopped(
    make_setup, dataset
):
    settings = {
        "model": ModelConfig(name=ModelName.mnv3_small, dropout=0.3),
        "optimizer": OptimizerConfig(lr=3e-3),
        "augment": AugmentConfig(strength=1.0, mixup=0.2),
        "train": TrainConfig(epochs=3, batch_size=4, ema_decay=0.9, sampling=Sampling.balanced),
    }
    setup = make_setup(folder="whole", **settings)
    training = Training(setup, dataset)
    assert len(Epoch(setup, dataset, training.preprocessing, training.machine, 1)) == 12
    whole, pieces = Watcher(), [Watcher(stop_after=epoch) for epoch in (1, 2, 3)]
    expected = whole.run(setup, dataset, 3)
    results = [piece.run(make_setup(folder="pieces", **settings), dataset, 3) for piece in pieces]
    assert [result.outcome for result in results] == [JobOutcome.interrupted] * 2 + [JobOutcome.reached]
    assert pieces[-1].metrics == whole.metrics
    assert results[-1] == expected, "the weights too"
    last = [
        load_checkpoint(made.folder / "checkpoint.pt", made.key(dataset))
        for made in (setup, make_setup(folder="pieces", **settings))
    ]
    assert weights_sha256(last[0]["network"]) == weights_sha256(last[1]["network"])


@pytest.mark.parametrize("micro_batch", [16, 12])
def test_a_batch_in_parts_makes_the_step_of_the_whole_up_to_rounding(make_setup, dataset, plain_network, micro_batch):
    after = []
    for most in (64, micro_batch):
        train = TrainConfig(batch_size=32, micro_batch=most, class_weights=ClassWeights.inverse, label_smoothing=0.1)
        augment = AugmentConfig(mixup=0.5, cutmix=0.3)
        training = Training(make_setup(train=train, optimizer=PLAIN_SGD, schedule=AT_ONCE, augment=augment), dataset)
        before = weights_of(training)
        metrics = training.run_epoch().metrics
        after.append((weights_of(training), metrics["train/loss"], metrics["train/accuracy"]))
    (whole, *reported), (in_parts, *reported_in_parts) = after
    assert torch.allclose(whole, in_parts, rtol=0, atol=1e-6)
    assert not torch.allclose(whole, before, rtol=0, atol=1e-3)
    assert reported_in_parts == pytest.approx(reported)


def test_what_is_validated_and_kept_is_the_moving_average_over_the_whole_trial(make_setup, dataset, plain_network):
    train = TrainConfig(epochs=2, batch_size=64, ema_decay=0.99)  # one step per epoch
    setup = make_setup(train=train, optimizer=OptimizerConfig(lr=0.05), schedule=AT_ONCE)
    training = Training(setup, dataset)
    average = weights_of(training)
    indices = dataset.splits[Split.val]

    def val_loss(network):
        logits = predict(network, training.preprocessing, setup.machine, dataset.pictures, indices)
        return evaluate(logits, torch.from_numpy(dataset.labels[indices])).loss

    for decay in (1 / 10, 2 / 11):
        report = training.run_epoch()
        average = decay * average + (1 - decay) * weights_of(training)
        assert report.metrics["val/loss"] == val_loss(training.average.network) != val_loss(training.network)
        averaged = torch.cat([parameter.flatten() for parameter in training.average.network.parameters()])
        assert torch.allclose(averaged, average, atol=1e-6)
    kept, shown = training.progress.best, {report.epoch: report.metrics for report in training.progress.reports}
    training.network.load_state_dict(kept.weights)
    assert val_loss(training.network) == shown[kept.epoch]["val/loss"]


def test_a_clipped_gradient_makes_a_step_of_the_rate_times_the_limit(make_setup, dataset, plain_network):
    def length_of_a_step(clip_norm):
        train = TrainConfig(batch_size=64, clip_norm=clip_norm)
        training = Training(make_setup(train=train, optimizer=PLAIN_SGD, schedule=AT_ONCE), dataset)
        before = weights_of(training)
        training.run_epoch()
        return (weights_of(training) - before).norm().item()

    assert length_of_a_step(0.01) == pytest.approx(0.1 * 0.01, rel=1e-3)
    assert length_of_a_step(None) == length_of_a_step(1e6) > 0.1 * 0.02


def test_label_smoothing_keeps_outputs_from_becoming_certain_and_the_reported_loss_comparable(make_setup, dataset, plain_network):
    def trained(label_smoothing):
        train = TrainConfig(epochs=15, batch_size=64, label_smoothing=label_smoothing)
        optimizer = OptimizerConfig(lr=0.1)
        training = Training(make_setup(train=train, optimizer=optimizer, schedule=AT_ONCE), dataset)
        reports = [training.run_epoch() for _ in range(15)]
        indices = dataset.splits[Split.val]
        logits = predict(training.network, training.preprocessing, training.machine, dataset.pictures, indices)
        return reports[0].metrics["train/loss"], logits.softmax(dim=1).max(dim=1).values.mean().item()

    (first_loss, certainty), (first_smoothed_loss, smoothed_certainty) = trained(0.0), trained(0.4)
    assert first_loss == pytest.approx(first_smoothed_loss)
    assert smoothed_certainty < 1 - 0.4 + 0.4 / 3 + 0.05 < certainty


@pytest.fixture
def imbalanced(dataset):
    """60 pictures of one class and 6 of a redder one to train on, hard to tell apart; 40 of each to validate."""
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1, 0, 1], [60, 6, 40, 40])
    red = generator.normal(0, 35, len(labels)) + 40 * labels
    pictures = generator.integers(60, 170, (len(labels), 36, 36, 3)).astype(np.float64)
    pictures[..., 0] += red[:, None, None]
    rows = np.arange(len(labels))
    splits = {Split.train: rows[:66], Split.val: rows[66:], Split.test: rows[66:]}
    uint8 = pictures.clip(0, 255).astype(np.uint8)
    return dataclasses.replace(dataset, classes=("many", "few"), pictures=uint8, labels=labels, splits=splits)


def test_class_weights_and_balanced_sampling_find_more_of_the_rare_class(make_setup, imbalanced, plain_network):
    def recall(**train):
        as_they_are = AugmentConfig(strength=0.0, flip=0.0)
        setup = make_setup(
            train=TrainConfig(epochs=20, batch_size=16, **train), optimizer=OptimizerConfig(lr=0.02), augment=as_they_are
        )
        training = Training(setup, imbalanced)
        while training.progress.epoch < 20:
            training.run_epoch()
        return training._validate().recall

    many, few = recall()
    assert few < 0.5 < 0.8 < many
    for corrected in (recall(class_weights=ClassWeights.inverse), recall(sampling=Sampling.balanced)):
        assert corrected[1] > few + 0.1
        assert corrected[0] < many


def test_plateau_lowers_the_rate_of_a_trial_that_no_longer_improves(make_setup, dataset, plain_network):
    setup = make_setup(
        optimizer=UNSEEN_LR,
        schedule=ScheduleConfig(name=ScheduleName.plateau, warmup_epochs=0, patience=2, factor=0.5),
        train=TrainConfig(epochs=9, batch_size=64),
    )
    watcher = Watcher()
    watcher.run(setup, dataset, 6)
    assert [metrics["lr"] for metrics in watcher.metrics.values()] == [1e-12] * 3 + [5e-13] * 2 + [2.5e-13]


def test_a_trial_that_no_longer_improves_stops_early_and_so_it_does_when_it_is_asked_again(make_setup, dataset, plain_network):
    setup = make_setup(optimizer=UNSEEN_LR, train=TrainConfig(epochs=9, batch_size=64, early_stopping=2))
    first, again = Watcher(), Watcher(stop_after=0)
    result = first.run(setup, dataset, 9)
    assert (result.outcome, result.epoch) == (JobOutcome.stopped_early, 3)
    assert result.weights_sha256
    assert again.run(setup, dataset, 5) == result
    assert again.reports == first.reports
    at_its_end = Watcher().run(make_setup(folder="rung", optimizer=UNSEEN_LR, train=setup.config.train), dataset, 3)
    assert at_its_end == result, "a rung at the very epoch is no pause either"
    before = Watcher().run(make_setup(folder="before", optimizer=UNSEEN_LR, train=setup.config.train), dataset, 2)
    assert (before.outcome, before.epoch) == (JobOutcome.reached, 2)


def test_bfloat16_trains_much_the_same_and_not_exactly(make_setup, dataset, plain_network):
    losses = []
    for precision in (Precision.fp32, Precision.bf16):
        train = TrainConfig(batch_size=16, precision=precision)
        training = Training(make_setup(train=train, optimizer=OptimizerConfig(lr=0.01)), dataset)
        losses.append(training.run_epoch().metrics["train/loss"])
        assert all(parameter.dtype == torch.float32 for parameter in training.network.parameters())
    logits = predict(training.network, training.preprocessing, training.machine, dataset.pictures, dataset.splits[Split.val])
    assert torch.equal(logits, logits.to(torch.bfloat16).float()), "validation has the same eight bits of mantissa"
    assert losses[0] == pytest.approx(losses[1], rel=0.01)
    assert losses[0] != losses[1]


def test_with_ten_classes_the_five_best_guesses_are_reported(make_setup, dataset, plain_network):
    many = dataclasses.replace(dataset, classes=tuple("abcdefghij"))
    metrics = Training(make_setup(), many).run_epoch().metrics
    assert metrics["val/top5_accuracy"] >= metrics["val/accuracy"]
