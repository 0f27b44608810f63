"""How good a network is on one split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchmetrics.functional.classification import (
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

from sweep.config import Objective
from sweep.data.batches import gather
from sweep.data.dataset import Dataset
from sweep.data.index import Split
from sweep.errors import DataError
from sweep.models.network import load_classifier
from sweep.models.preprocessing import Preprocessing
from sweep.training.machine import Machine, use_machine
from sweep.training.setup import TrialSetup

_BATCH_SIZE = 64  # fixed, so that what a trial reports does not hang on how it was trained
_FEWEST_CLASSES_FOR_TOP5 = 10  # with fewer, five guesses are hardly ever wrong


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores on one split. Per-class values are in the order of the classes, 0 where a class was never there or never said."""

    loss: float
    """Cross-entropy in nats, without label smoothing."""
    accuracy: float
    top5_accuracy: float | None
    """The true class is among the five with the highest outputs; None with fewer than 10 classes."""
    macro_f1: float
    precision: list[float]
    recall: list[float]
    f1: list[float]
    support: list[int]
    confusion: list[list[int]]
    """Row: the true class; column: the predicted one."""

    def to_plain(self) -> dict[str, Any]:
        return asdict(self)

    def describe(self, classes: Sequence[str]) -> dict[str, Any]:
        """As a file for people: `classes`, `confusion` and, with the classes' names, `per_class`."""
        names = ("name", "precision", "recall", "f1", "support")
        rows = zip(classes, self.precision, self.recall, self.f1, self.support, strict=True)
        return {
            **self.metrics(),
            "classes": list(classes),
            "confusion": self.confusion,
            "per_class": [dict(zip(names, row, strict=True)) for row in rows],
        }

    def metrics(self) -> dict[str, float]:
        """The single numbers, by name."""
        numbers = {"loss": self.loss, "accuracy": self.accuracy, "macro_f1": self.macro_f1}
        return numbers if self.top5_accuracy is None else {**numbers, "top5_accuracy": self.top5_accuracy}

    def value(self, objective: Objective) -> float:
        return {Objective.accuracy: self.accuracy, Objective.macro_f1: self.macro_f1, Objective.loss: self.loss}[objective]


def evaluate(logits: Tensor, labels: Tensor) -> Evaluation:
    """Scores outputs `(N, C)` against labels `(N,)`."""
    num_classes = logits.shape[1]
    predicted = logits.argmax(dim=1)
    matrix = multiclass_confusion_matrix(predicted, labels, num_classes)
    return Evaluation(
        loss=cross_entropy(logits, labels).item(),
        accuracy=matrix.diagonal().sum().item() / len(labels),  # torchmetrics rounds to float32
        top5_accuracy=_top5_accuracy(logits, labels) if num_classes >= _FEWEST_CLASSES_FOR_TOP5 else None,
        macro_f1=multiclass_f1_score(predicted, labels, num_classes, average="macro").item(),
        precision=multiclass_precision(predicted, labels, num_classes, average="none").tolist(),
        recall=multiclass_recall(predicted, labels, num_classes, average="none").tolist(),
        f1=multiclass_f1_score(predicted, labels, num_classes, average="none").tolist(),
        support=matrix.sum(dim=1).tolist(),
        confusion=matrix.tolist(),
    )


def _top5_accuracy(logits: Tensor, labels: Tensor) -> float:
    is_among = logits.topk(5, dim=1).indices == labels[:, None]
    return is_among.sum().item() / len(labels)


@torch.inference_mode()
def predict(
    network: nn.Module,
    preprocessing: Preprocessing,
    machine: Machine,
    pictures: NDArray[np.uint8],
    indices: NDArray[np.int64],
    on_batch: Callable[[], None] = lambda: None,
) -> Tensor:
    """The network's outputs `(len(indices), C)` on the CPU for stored pictures `(N, S, S, 3)` uint8, in order."""
    network.eval()
    outputs = []
    for start in range(0, len(indices), _BATCH_SIZE):
        batch = gather(pictures, indices[start : start + _BATCH_SIZE]).to(machine.device)
        outputs.append(machine.forward(network, machine.arrange(preprocessing(batch))))
        on_batch()
    return torch.cat(outputs).cpu()


def score_split(setup: TrialSetup, dataset: Dataset, split: Split, weights_path: Path) -> dict[str, float]:
    """Metrics of the classifier in `weights_path` on a split, by names such as test/accuracy.

    Raises WeightsError when the file is not to be used, and DataError when the split is empty.
    """
    indices = dataset.splits[split]
    if not len(indices):
        raise DataError(f"the {split} split is empty", f"give it pictures: data.{split}_fraction=0.15")
    machine = setup.machine.under(setup.config.train)
    use_machine(machine)
    classifier = load_classifier(weights_path)
    network = machine.place(classifier.network)
    logits = predict(network, classifier.preprocessing, machine, dataset.pictures, indices)
    metrics = evaluate(logits, torch.from_numpy(dataset.labels[indices])).metrics()
    return {f"{split}/{name}": value for name, value in metrics.items()}
