"""The training of a trial, from the epoch it has reached to the epoch that is asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

from sweep.config.seeds import derive_seed
from sweep.data.dataset import Dataset
from sweep.data.index import Split
from sweep.errors import CheckpointError, DataError
from sweep.journal.events import JobOutcome, JobResult
from sweep.journal.files import write_atomic
from sweep.journal.layout import EVALUATION, WEIGHTS
from sweep.models.network import build_model, save_classifier
from sweep.models.weights_file import weights_sha256
from sweep.training.checkpoint import Checkpoints
from sweep.training.early_stopping import ends_early
from sweep.training.ema import MovingAverage
from sweep.training.epoch import Epoch
from sweep.training.evaluate import Evaluation, evaluate, predict
from sweep.training.failure import TrainingFailed, check_training_loss, check_validation_loss, memory_may_run_out
from sweep.training.finetune import Finetuning
from sweep.training.loss import Loss, Tally
from sweep.training.machine import use_machine
from sweep.training.micro_batch import fewest_pictures, parts
from sweep.training.optimizer import build_optimizer, set_lr
from sweep.training.progress import EpochReport, Progress
from sweep.training.schedule import lr_at, plateau_scale
from sweep.training.setup import TrialSetup
from sweep.training.trial_lock import hold_trial


def train(
    setup: TrialSetup,
    dataset: Dataset,
    last_epoch: int,
    *,
    on_epoch: Callable[[EpochReport], None],
    should_stop: Callable[[], bool],
    on_notice: Callable[[str], None],
    on_batch: Callable[[], None] = lambda: None,
) -> JobResult:
    """Trains up to and including `last_epoch`, from the trial's checkpoint if it has one, or to where it stops early.

    Every epoch is reported, those of the checkpoint first. `should_stop` is asked before each epoch. `on_batch` is called
    after every batch, or part of one, that went through the network, and after other steps that may take long. On return
    the checkpoint, best.safetensors and evaluation.json are in the trial's folder. Raises WeightsError when the pretrained
    file changed, DataError when there are too few pictures to train or validate, StudyError when another process keeps the
    trial, and OSError when a file cannot be written.
    """
    use_machine(setup.machine)
    setup.folder.mkdir(parents=True, exist_ok=True)
    epoch = 0
    try:
        with hold_trial(setup.folder, on_notice, on_batch):
            training = Training(setup, dataset, on_batch)
            training.resume(last_epoch, on_notice)
            for report in training.progress.reports:
                on_epoch(report)
            while (epoch := training.progress.epoch) < last_epoch and not training.ends_early:
                if should_stop():
                    return training.end(JobOutcome.interrupted)
                on_epoch(training.run_epoch())
                training.save_if_due()
            return training.end(JobOutcome.stopped_early if training.ends_early else JobOutcome.reached)
    except TrainingFailed as failure:
        return JobResult(outcome=JobOutcome.failed, epoch=epoch, reason=str(failure))


class Training:
    """A network on its way: what changes from epoch to epoch, and what it needs for that."""

    def __init__(self, setup: TrialSetup, dataset: Dataset, on_batch: Callable[[], None] = lambda: None) -> None:
        _check_splits(dataset)
        config = setup.config
        self.setup = setup
        self.dataset = dataset
        self.on_batch = on_batch
        self.machine = setup.machine.under(config.train)
        self.preprocessing = setup.preprocessing(dataset)
        on_batch()
        labels = dataset.labels[dataset.splits[Split.train]]
        self.loss = Loss(config.train, labels, len(dataset.classes), self.machine.device)
        self._checkpoints = Checkpoints(setup.folder, setup.key(dataset))
        self._saved_epoch = 0
        self._saved_at = time.monotonic()
        self._begin()

    def _begin(self) -> None:
        """The network as it is before the first epoch, and what goes with it."""
        config, seed = self.setup.config, derive_seed(self.setup.seed, "network")
        with memory_may_run_out(self.machine.device, config):
            network = build_model(config.model, len(self.dataset.classes), config.data.image_size, self.setup.weights, seed)
            self.network = self.machine.place(network)
            self.average = MovingAverage(self.network, config.train.ema_decay) if config.train.ema_decay else None
        self.finetuning = Finetuning(config, self.network)
        learning = self.finetuning.head, self.finetuning.backbone
        self.optimizer = build_optimizer(config.optimizer, *learning, self.finetuning.backbone_lr_scale)
        self._fewest_pictures = fewest_pictures(self.network)
        self.progress = Progress()
        self.on_batch()

    @property
    def ends_early(self) -> bool:
        return ends_early(self.setup.config, self.progress.reports)

    @property
    def is_complete(self) -> bool:
        return self.progress.epoch >= self.setup.config.train.epochs or self.ends_early

    def resume(self, last_epoch: int, on_notice: Callable[[str], None]) -> None:
        """Continues from the newest of the trial's checkpoints that can be used, or begins anew; what could not be is said.

        One that is past `last_epoch`, as it is where an older journal was put back, cannot: its results would come too early.
        """
        notice = self._checkpoints.resume(lambda content: self._restore(content, last_epoch))
        if notice:
            on_notice(notice)
        self._saved_epoch = self.progress.epoch
        self.on_batch()

    def _restore(self, content: Mapping[str, Any], last_epoch: int) -> None:
        """Takes over what `save` wrote. Raises CheckpointError; then everything is as before the first epoch."""
        try:
            progress = Progress.from_plain(content["progress"])
            if progress.epoch > last_epoch:
                raise CheckpointError(f"the checkpoint of epoch {progress.epoch} is past epoch {last_epoch}")
            with memory_may_run_out(self.machine.device, self.setup.config):
                self.network.load_state_dict(content["network"])
                if content["optimizer"] is not None:
                    self.optimizer.load_state_dict(content["optimizer"])
                if self.average is not None and content["average"] is not None:
                    self.average.network.load_state_dict(content["average"])
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            self._begin()  # some of it may have been taken over already
            raise CheckpointError("the checkpoint was written by another version of this program") from error
        self.progress = progress

    def run_epoch(self) -> EpochReport:
        """Trains the next epoch and validates. Raises TrainingFailed."""
        epoch = self.progress.epoch + 1
        started = time.perf_counter()
        with memory_may_run_out(self.machine.device, self.setup.config):
            metrics = self._train(epoch)
            trained = time.perf_counter()
            evaluation = self._validate()
        check_training_loss(epoch, metrics["train/loss"], len(self.dataset.classes))
        check_validation_loss(epoch, evaluation.loss)
        metrics |= {f"val/{name}": value for name, value in evaluation.metrics().items()}
        metrics["gap/accuracy"] = metrics["train/accuracy"] - evaluation.accuracy
        pictures_per_s = len(self.dataset.splits[Split.train]) / (trained - started)
        timings = {"epoch_s": time.perf_counter() - started, "pictures_per_s": pictures_per_s}
        report = EpochReport(epoch, metrics, timings)
        objective = self.setup.config.objective
        self.progress.add(report, evaluation, objective.score(evaluation.value(objective)), self._validated)
        return report

    def _train(self, epoch: int) -> dict[str, float]:
        """One pass over the training split; loss and accuracy are those of each batch before its step."""
        config, machine = self.setup.config, self.machine
        torch.manual_seed(derive_seed(self.setup.seed, "dropout", epoch))
        val_losses = [report.metrics["val/loss"] for report in self.progress.reports]
        peak_lr = config.optimizer.lr * plateau_scale(val_losses, config.schedule)
        batches = Epoch(self.setup, self.dataset, self.preprocessing, machine, epoch)
        tally = Tally(machine.device)
        lr = 0.0
        self.finetuning.begin(epoch)
        for step, (pictures, labels) in enumerate(batches, (epoch - 1) * len(batches)):
            weight = self.loss.weight(labels)
            for inputs, truth in parts(pictures, labels, machine.micro_batch, self._fewest_pictures):
                logits = machine.forward(self.network, inputs)
                loss = self.loss(logits, truth)
                (loss / weight).backward()  # type: ignore[no-untyped-call]
                tally.add(logits.detach(), truth, self.loss.plain(logits.detach(), truth, loss.detach()))
                self.on_batch()
            if config.train.clip_norm is not None:
                clip_grad_norm_(self.network.parameters(), config.train.clip_norm)
            lr = lr_at(step, len(batches), config.train.epochs, peak_lr, config.schedule)
            set_lr(self.optimizer, lr)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            if self.average is not None:
                self.average.update(step)
        return {**tally.means(), "lr": lr}

    def _validate(self) -> Evaluation:
        indices = self.dataset.splits[Split.val]
        logits = predict(self._validated, self.preprocessing, self.machine, self.dataset.pictures, indices, self.on_batch)
        return evaluate(logits, torch.from_numpy(self.dataset.labels[indices]))

    @property
    def _validated(self) -> nn.Module:
        return self.network if self.average is None else self.average.network

    def save_if_due(self) -> None:
        """Writes the checkpoint when the last one is older than the configuration allows."""
        if time.monotonic() - self._saved_at >= self.setup.config.execution.checkpoint_every_s:
            self.save()

    def save(self) -> None:
        """Writes the checkpoint unless it stands at this epoch already."""
        if self.progress.epoch == self._saved_epoch:
            return
        content = {
            "network": self.network.state_dict(),
            # Most of the file, and never needed again when the trial is complete.
            "optimizer": None if self.is_complete else self.optimizer.state_dict(),
            "average": None if self.is_complete or self.average is None else self.average.network.state_dict(),
            "progress": self.progress.to_plain(),
        }
        self._checkpoints.save(content)
        self._saved_epoch, self._saved_at = self.progress.epoch, time.monotonic()
        self.on_batch()

    def end(self, outcome: JobOutcome) -> JobResult:
        """Writes the checkpoint, the best weights and their evaluation."""
        self.save()
        if self.is_complete:
            self._checkpoints.drop_previous()
        best = self.progress.best
        if best is None:
            return JobResult(outcome=outcome, epoch=0)
        save_classifier(
            self.setup.folder / WEIGHTS,
            best.weights,
            model=self.setup.config.model,
            preprocessing=self.preprocessing,
            classes=self.dataset.classes,
        )
        described = {"split": Split.val, "epoch": best.epoch, **best.evaluation.describe(self.dataset.classes)}
        write_atomic(self.setup.folder / EVALUATION, json.dumps(described))
        sha256 = weights_sha256(best.weights)
        return JobResult(outcome=outcome, epoch=self.progress.epoch, best_epoch=best.epoch, weights_sha256=sha256)


def _check_splits(dataset: Dataset) -> None:
    num_train, num_val = len(dataset.splits[Split.train]), len(dataset.splits[Split.val])
    if num_train < 2 or num_val < 1:
        raise DataError(
            f"too few pictures: {num_train} to train and {num_val} to validate", "give every class at least two different ones"
        )
