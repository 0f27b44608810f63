"""What a trial has come to so far: its epochs' reports and its best weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from torch import Tensor, nn

from sweep.training.evaluate import Evaluation


@dataclass(frozen=True, slots=True)
class EpochReport:
    epoch: int
    """From 1."""
    metrics: dict[str, float]
    """The same whenever the epoch is trained again."""
    timings: dict[str, float]
    """Of the time it was trained."""


@dataclass(frozen=True, slots=True)
class Best:
    """The epoch that validated best; of equals the later one, which has seen more."""

    epoch: int
    score: float
    """On the objective's scale: higher is better."""
    evaluation: Evaluation
    weights: dict[str, Tensor]


@dataclass(slots=True)
class Progress:
    reports: list[EpochReport] = field(default_factory=list)
    best: Best | None = None

    @property
    def epoch(self) -> int:
        """The last epoch that was trained; 0 before the first."""
        return len(self.reports)

    def add(self, report: EpochReport, evaluation: Evaluation, score: float, network: nn.Module) -> None:
        """Takes an epoch in, and keeps the network's weights if it is the best so far."""
        self.reports.append(report)
        if self.best is None or score >= self.best.score:
            weights = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
            self.best = Best(report.epoch, score, evaluation, weights)

    def to_plain(self) -> dict[str, Any]:
        """Lists, dictionaries, numbers and tensors."""
        best = self.best and {
            "epoch": self.best.epoch,
            "score": self.best.score,
            "evaluation": self.best.evaluation.to_plain(),
            "weights": self.best.weights,
        }
        return {"reports": [asdict(report) for report in self.reports], "best": best}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Progress:
        best = plain["best"] and Best(**{**plain["best"], "evaluation": Evaluation(**plain["best"]["evaluation"])})
        return cls([EpochReport(**report) for report in plain["reports"]], best)
