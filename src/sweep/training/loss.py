"""What training makes small, and what is reported of it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from sweep.config import ClassWeights, TrainConfig


class Loss:
    """Cross-entropy over labels `(B,)`, or over shares of the classes `(B, C)` where pictures are mixed.

    With class weights w, shares t (of a plain label: 1 for its class) and smoothing s the loss of a batch is

        Σᵢ Σ_c w_c · ((1 - s) · t_ic + s / C) · -ln p_ic  /  Σᵢ Σ_c w_c · t_ic

    For plain labels this is torch's weighted cross-entropy, and for mixed ones it goes on where torch divides by the number
    of pictures: a picture that is half of a rare class counts half as a rare one, below the line as above it.
    """

    def __init__(self, config: TrainConfig, labels: NDArray[np.int64], num_classes: int, device: str) -> None:
        """`labels` of the training split `(N,)`."""
        self._smoothing = config.label_smoothing
        self._class_weights = None
        if config.class_weights is ClassWeights.inverse:
            self._class_weights = inverse_frequencies(labels, num_classes).to(device)

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The part above the line, summed over some of a batch's pictures."""
        return cross_entropy(logits, labels, weight=self._class_weights, label_smoothing=self._smoothing, reduction="sum")

    def weight(self, labels: Tensor) -> Tensor | int:
        """The part below the line, of a whole batch: without class weights its number of pictures."""
        if self._class_weights is None:
            return len(labels)
        counted = self._class_weights[labels] if labels.ndim == 1 else labels @ self._class_weights
        return counted.sum()

    def plain(self, logits: Tensor, labels: Tensor, loss: Tensor) -> Tensor:
        """`loss`, as called, without class weights and smoothing: comparable with the validation loss and between trials."""
        if self._class_weights is None and not self._smoothing:
            return loss
        return cross_entropy(logits, labels, reduction="sum")


def inverse_frequencies(labels: NDArray[np.int64], num_classes: int) -> Tensor:
    """n / (C · n_c) for each class `(C,)`: 1 if classes are equally frequent, and 1 on the mean over the pictures.

    A class without pictures has 0: smoothed labels would give it the greatest weight of all.
    """
    counts = np.bincount(labels, minlength=num_classes)
    weights = np.divide(len(labels), num_classes * counts, out=np.zeros(num_classes), where=counts > 0)
    return torch.from_numpy(weights.astype(np.float32))


class Tally:
    """Loss and accuracy over an epoch, summed where they are computed, so that no step waits for the device."""

    def __init__(self, device: str) -> None:
        self._loss = torch.zeros((), device=device)
        self._num_correct = torch.zeros((), device=device, dtype=torch.int64)
        self._num_pictures = 0

    def add(self, logits: Tensor, labels: Tensor, loss: Tensor) -> None:
        """`loss` summed over the pictures; a mixed picture counts as the class that has the larger share of it."""
        true = labels if labels.ndim == 1 else labels.argmax(dim=1)
        self._loss += loss
        self._num_correct += (logits.argmax(dim=1) == true).sum()
        self._num_pictures += len(labels)

    def means(self) -> dict[str, float]:
        return {
            "train/loss": self._loss.item() / self._num_pictures,
            "train/accuracy": self._num_correct.item() / self._num_pictures,
        }
