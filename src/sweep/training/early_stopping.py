"""When a trial ends before its last epoch, told from its reports alone."""

from __future__ import annotations

from collections.abc import Sequence

from sweep.config import Config
from sweep.training.finetune import frozen_epochs
from sweep.training.progress import EpochReport


def ends_early(config: Config, reports: Sequence[EpochReport]) -> bool:
    """The last `train.early_stopping` epochs brought no better objective, and there are epochs left to spare.

    Under gradual fine-tuning only epochs after the unfreezing count: what is still to learn cannot have stopped learning.
    """
    patience = config.train.early_stopping
    if patience is None or not len(reports) < config.train.epochs:
        return False
    scores = [config.objective.score(report.metrics[f"val/{config.objective}"]) for report in reports]
    return len(scores) - patience >= max(1, frozen_epochs(config)) and max(scores[-patience:]) <= max(scores[:-patience])
