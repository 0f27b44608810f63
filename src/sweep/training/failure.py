"""When a trial's own settings make it impossible to train."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sweep.config import Config

_DIVERGED = 10.0
"""Times the loss of guessing uniformly, ln(classes). A mean over a whole epoch above it is not a passing spike."""


class TrainingFailed(Exception):
    """The trial cannot be trained, and to train it again would end the same way."""


def check_training_loss(epoch: int, loss: float, num_classes: int) -> None:
    """Raises TrainingFailed when the epoch's mean loss is not finite or the training has diverged."""
    _check_finite(epoch, "training", loss)
    limit = _DIVERGED * math.log(num_classes)
    if loss > limit:
        raise TrainingFailed(f"epoch {epoch}: training loss diverged to {loss:.3g}; guessing has {math.log(num_classes):.3g}")


def check_validation_loss(epoch: int, loss: float) -> None:
    """Raises TrainingFailed when the loss is not finite. A high one is no failure: statistics may lag behind the weights."""
    _check_finite(epoch, "validation", loss)


@contextmanager
def memory_may_run_out(device: str, config: Config) -> Iterator[None]:
    """Raises TrainingFailed, with what takes less, where the device refuses an allocation within."""
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingFailed(
            f"out of memory on {device} with train.batch_size={config.train.batch_size} and"
            f" data.image_size={config.data.image_size}; less is taken with a smaller one of these, or with train.micro_batch"
        ) from error


def is_out_of_memory(error: RuntimeError) -> bool:
    """The device refused an allocation: with CUDA torch says so by type, elsewhere by text."""
    said = ("DefaultCPUAllocator", "MPS backend out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(text in str(error) for text in said)


def _check_finite(epoch: int, which: str, loss: float) -> None:
    if not math.isfinite(loss):
        raise TrainingFailed(f"epoch {epoch}: {which} loss became {'NaN' if math.isnan(loss) else 'infinite'}")
