"""The learning rate at every step, computed from the step alone."""

from __future__ import annotations

import math

from sweep.config import ScheduleConfig, ScheduleName

_LONGEST_WARMUP = 0.25  # share of the trial


def lr_at(step: int, steps_per_epoch: int, epochs: int, peak_lr: float, schedule: ScheduleConfig) -> float:
    """The rate of step `step` (from 0): a linear rise to `peak_lr`, then a cosine to 0 at the end of the trial, or constant."""
    total = steps_per_epoch * epochs
    warmup = min(schedule.warmup_epochs, _LONGEST_WARMUP * epochs) * steps_per_epoch
    if step + 1 < warmup:
        return peak_lr * (step + 1) / warmup
    if schedule.name is ScheduleName.constant:
        return peak_lr
    progress = max(0.0, step - warmup) / (total - warmup)
    return peak_lr * 0.5 * (1 + math.cos(math.pi * progress))
