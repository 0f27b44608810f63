"""The training of a trial, from the epoch it has reached to the epoch that is asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy

from sweep.config.seeds import derive_seed
from sweep.data.augment import Augment, draw_views
from sweep.data.batches import gather, training_batches
from sweep.data.dataset import Dataset
from sweep.data.index import Split
from sweep.errors import CheckpointError, DataError
from sweep.journal.events import JobOutcome, JobResult
from sweep.journal.files import write_atomic
from sweep.journal.layout import CHECKPOINT, EVALUATION, WEIGHTS
from sweep.models.network import build_model, save_classifier
from sweep.models.weights_file import weights_sha256
from sweep.training.checkpoint import load_checkpoint, save_checkpoint
from sweep.training.evaluate import Evaluation, evaluate, predict
from sweep.training.failure import TrainingFailed, check_training_loss, check_validation_loss, is_out_of_memory
from sweep.training.machine import use_machine
from sweep.training.optimizer import build_optimizer, set_lr
from sweep.training.progress import EpochReport, Progress
from sweep.training.schedule import lr_at
from sweep.training.setup import TrialSetup


def train(
    setup: TrialSetup,
    dataset: Dataset,
    last_epoch: int,
    *,
    on_epoch: Callable[[EpochReport], None],
    should_stop: Callable[[], bool],
    on_notice: Callable[[str], None],
) -> JobResult:
    """Trains up to and including `last_epoch`, from the trial's checkpoint if it has one.

    Every epoch is reported, those of the checkpoint first. `should_stop` is asked before each epoch. On return the
    checkpoint, best.safetensors and evaluation.json are in the trial's folder.

    Raises WeightsError when the pretrained file changed, DataError when there are too few pictures to train or validate,
    and OSError when a file cannot be written.
    """
    use_machine(setup.machine)
    setup.folder.mkdir(parents=True, exist_ok=True)
    training = Training(setup, dataset)
    training.resume(last_epoch, on_notice)
    for report in training.progress.reports:
        on_epoch(report)
    while training.progress.epoch < last_epoch:
        if should_stop():
            return training.end(JobOutcome.interrupted)
        try:
            report = training.run_epoch()
        except TrainingFailed as failure:
            return JobResult(outcome=JobOutcome.failed, epoch=training.progress.epoch, reason=str(failure))
        on_epoch(report)
        training.save_if_due()
    return training.end(JobOutcome.reached)


class Training:
    """A network on its way: what changes from epoch to epoch, and what it needs for that."""

    def __init__(self, setup: TrialSetup, dataset: Dataset) -> None:
        _check_splits(dataset)
        config = setup.config
        self.setup = setup
        self.dataset = dataset
        self.preprocessing = setup.preprocessing(dataset)
        self.augment = Augment(config.augment, config.data.image_size)
        size = config.data.image_size
        network = build_model(config.model, len(dataset.classes), size, setup.weights, derive_seed(setup.seed, "network"))
        self.network = setup.machine.place(network)
        self.optimizer = build_optimizer(config.optimizer, self.network)
        self.progress = Progress()
        self._checkpoint = setup.folder / CHECKPOINT
        self._key = setup.key(dataset)
        self._saved_epoch = 0
        self._saved_at = time.monotonic()

    def resume(self, last_epoch: int, on_notice: Callable[[str], None]) -> None:
        """Continues from the trial's checkpoint; one that cannot be used is said, and the trial begins anew.

        So does one that is past `last_epoch`, as it is where an older journal was put back: its results would come too early.
        """
        if not self._checkpoint.exists():
            return
        try:
            content = load_checkpoint(self._checkpoint, self._key)
            progress = Progress.from_plain(content["progress"])
        except (CheckpointError, KeyError, TypeError) as error:  # damaged, of another trial, or of another version's shape
            on_notice(f"trial {self.setup.trial} begins anew: {error}")
            return
        if progress.epoch > last_epoch:
            on_notice(f"trial {self.setup.trial} begins anew: its checkpoint is past epoch {last_epoch}")
            return
        self.network.load_state_dict(content["network"])
        if content["optimizer"] is not None:
            self.optimizer.load_state_dict(content["optimizer"])
        self.progress = progress
        self._saved_epoch = self.progress.epoch

    def run_epoch(self) -> EpochReport:
        """Trains the next epoch and validates. Raises TrainingFailed."""
        epoch = self.progress.epoch + 1
        started = time.perf_counter()
        try:
            metrics = self._train(epoch)
            trained = time.perf_counter()
            evaluation = self._validate()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            config = self.setup.config
            raise TrainingFailed(
                f"out of memory on {self.setup.machine.device} with train.batch_size={config.train.batch_size}"
                f" and data.image_size={config.data.image_size}"
            ) from error
        check_training_loss(epoch, metrics["train/loss"], len(self.dataset.classes))
        check_validation_loss(epoch, evaluation.loss)
        metrics |= {
            "val/loss": evaluation.loss,
            "val/accuracy": evaluation.accuracy,
            "val/macro_f1": evaluation.macro_f1,
            "gap/accuracy": metrics["train/accuracy"] - evaluation.accuracy,
        }
        pictures_per_s = len(self.dataset.splits[Split.train]) / (trained - started)
        timings = {"epoch_s": time.perf_counter() - started, "pictures_per_s": pictures_per_s}
        report = EpochReport(epoch, metrics, timings)
        objective = self.setup.config.objective
        self.progress.add(report, evaluation, objective.score(evaluation.value(objective)), self.network)
        return report

    def _train(self, epoch: int) -> dict[str, float]:
        """One pass over the training split; loss and accuracy are those of each batch before its step."""
        config, machine, seed = self.setup.config, self.setup.machine, self.setup.seed
        indices = self.dataset.splits[Split.train]
        torch.manual_seed(derive_seed(seed, "dropout", epoch))
        views = draw_views(len(indices), derive_seed(seed, "augment", epoch))
        batches = training_batches(len(indices), config.train.batch_size, derive_seed(seed, "shuffle", epoch))
        step = (epoch - 1) * len(batches)
        loss_sum = torch.zeros((), device=machine.device)
        num_correct = torch.zeros((), device=machine.device, dtype=torch.int64)
        lr = 0.0
        self.network.train()
        for rows in batches:
            chosen = indices[rows.numpy()]
            pictures = gather(self.dataset.pictures, chosen).to(machine.device, non_blocking=True)
            labels = torch.from_numpy(self.dataset.labels[chosen]).to(machine.device, non_blocking=True)
            inputs = machine.arrange(self.preprocessing(self.augment(pictures, views[rows])))
            logits = self.network(inputs)
            loss = cross_entropy(logits, labels, label_smoothing=config.train.label_smoothing)
            loss.backward()  # type: ignore[no-untyped-call]
            lr = lr_at(step, len(batches), config.train.epochs, config.optimizer.lr, config.schedule)
            set_lr(self.optimizer, lr)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            step += 1
            loss_sum += loss.detach() * len(rows)
            num_correct += (logits.detach().argmax(dim=1) == labels).sum()
        num_seen = sum(len(rows) for rows in batches)
        return {"train/loss": loss_sum.item() / num_seen, "train/accuracy": num_correct.item() / num_seen, "lr": lr}

    def _validate(self) -> Evaluation:
        indices = self.dataset.splits[Split.val]
        logits = predict(self.network, self.preprocessing, self.setup.machine, self.dataset.pictures, indices)
        return evaluate(logits, torch.from_numpy(self.dataset.labels[indices]))

    def save_if_due(self) -> None:
        """Writes the checkpoint when the last one is older than the configuration allows."""
        if time.monotonic() - self._saved_at >= self.setup.config.execution.checkpoint_every_s:
            self.save()

    def save(self) -> None:
        """Writes the checkpoint unless it stands at this epoch already."""
        if self.progress.epoch == self._saved_epoch:
            return
        is_complete = self.progress.epoch >= self.setup.config.train.epochs
        content = {
            "network": self.network.state_dict(),
            "optimizer": None if is_complete else self.optimizer.state_dict(),  # two thirds of the file, and never needed again
            "progress": self.progress.to_plain(),
        }
        save_checkpoint(self._checkpoint, self._key, content)
        self._saved_epoch, self._saved_at = self.progress.epoch, time.monotonic()

    def end(self, outcome: JobOutcome) -> JobResult:
        """Writes the checkpoint, the best weights and their evaluation."""
        self.save()
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
