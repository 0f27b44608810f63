"""The learning rate at every step, computed from the step and the reported validation losses alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sweep.config import ScheduleConfig, ScheduleName

_LONGEST_WARMUP = 0.25  # share of the trial


def lr_at(step: int, steps_per_epoch: int, epochs: int, peak_lr: float, schedule: ScheduleConfig) -> float:
    """The rate of step `step` (from 0): a linear rise to `peak_lr`, then a cosine to 0 at the end of the trial, or constant."""
    total = steps_per_epoch * epochs
    warmup = min(schedule.warmup_epochs, _LONGEST_WARMUP * epochs) * steps_per_epoch
    if step + 1 < warmup:
        return peak_lr * (step + 1) / warmup
    if schedule.name is not ScheduleName.cosine:
        return peak_lr
    progress = max(0.0, step - warmup) / (total - warmup)
    return peak_lr * 0.5 * (1 + math.cos(math.pi * progress))


def plateau_scale(val_losses: Sequence[float], schedule: ScheduleConfig) -> float:
    """What the peak is multiplied by in the epoch after those with `val_losses`: 1 for every schedule but plateau.

    × `factor` each time that `patience` epochs in a row were not below the lowest loss before them.
    """
    if schedule.name is not ScheduleName.plateau:
        return 1.0
    scale, lowest, waited = 1.0, math.inf, 0
    for loss in val_losses:
        waited = 0 if loss < lowest else waited + 1
        lowest = min(lowest, loss)
        if waited == schedule.patience:
            scale, waited = scale * schedule.factor, 0
    return scale
