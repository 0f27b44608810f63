"""A small study's journal, written by the real journal with a clock that ticks ten seconds per entry."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution

from sweep.journal.events import (
    ArtifactsWritten,
    EndReason,
    EpochReported,
    JobEnded,
    JobOutcome,
    JobStarted,
    Origin,
    SittingEnded,
    SittingStarted,
    StudyOpened,
    TestScored,
    TrialCreated,
)
from sweep.journal.journal import Journal

START = 1_790_000_000.0
SPACE: dict[str, dict[str, Any]] = {
    "optimizer.lr": {"low": 1e-4, "high": 1e-2, "log": True},
    "train.batch_size": {"choices": [16, 32]},
}
DISTRIBUTIONS = {
    "optimizer.lr": FloatDistribution(1e-4, 1e-2, log=True),
    "train.batch_size": CategoricalDistribution([16, 32]),
}


ENVIRONMENT: dict[str, Any] = {
    "packages": {"torch": "2.15.0", "numpy": "2.3.1", "hydra-core": None},
    "code": {"version": "0.1.0", "source": "0123456789ab"},
    "python": "3.11.9",
    "torch_build": {"cuda": None, "debug": False},
    "hardware": {"machine": "x86_64", "cpu": "A processor", "cores": 2, "gpu": None, "device": "cpu"},
    "variables": {},
    "threads": 1,
}


class SampleStudy:
    """Writes a study's life into `folder`/journal.jsonl."""

    def __init__(
        self,
        folder: Path,
        name: str = "mnv3_small-leaves-tiny-0123abcd",
        objective: str = "accuracy",
        start: float = START,
        root: str = "/pictures/leaves",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        ticks = itertools.count(start, 10.0)
        self.journal = Journal.open(folder / "journal.jsonl", clock=lambda: next(ticks))
        self.entries = self.journal.entries
        self._open(name, objective, root)

    def _open(self, name: str, objective: str, root: str) -> None:
        config = {
            "seed": 3,
            "objective": objective,
            "device": "cpu",
            "model": {"name": "mnv3_small", "weights": "none"},
            "optimizer": {"name": "adamw", "lr": 1e-3, "weight_decay": 1e-4},
            "train": {"epochs": 6, "batch_size": 32},
            "data": {"name": "leaves", "root": root, "recommended": {}},
            "space": {"optimizer": {"lr": {"low": 1e-4}}},
            "tracking": {"mlflow": True, "optuna": True, "flush_timeout_s": 60.0},
        }
        dataset = {
            "name": "leaves",
            "root": root,
            "fingerprint": "f" * 64,
            "num_pictures": 90,
            "num_classes": 3,
            "classes": ["a", "b", "c"],
            "val": 14,
        }
        self.journal.append(
            StudyOpened(
                schema=1,
                study=name,
                config=config,
                space=SPACE,
                baseline={"optimizer.lr": 1e-3, "train.batch_size": 32},
                overrides=["model=mnv3_small"],
                regime="tiny",
                dataset=dataset,
                weights={"source": "none", "sha256": None},
                machine={"device": "cpu"},
                environment=ENVIRONMENT,
                network={"parameters": 1_540_000, "size_mb": 6.2},
            )
        )

    def start(self, **changes: Any) -> None:
        """A sitting, `changes` being what is not as it was when the study was opened."""
        self.journal.append(SittingStarted(pid=1, host="here", budget={"trials": 4}, environment=ENVIRONMENT | changes))

    def end(
        self,
        reason: EndReason = EndReason.budget,
        leaderboard: tuple[int, ...] = (0,),
        summary: str = "# It went\n\nwell",
    ) -> None:
        self.journal.append(SittingEnded(reason=reason, summary=summary, leaderboard=list(leaderboard)))

    def create(self, trial: int, lr: float = 1.2e-3) -> None:
        origin = Origin.baseline if trial == 0 else Origin.sampler
        params = {"optimizer.lr": lr, "train.batch_size": 32}
        self.journal.append(TrialCreated(trial=trial, params=params, origin=origin, epochs=6, rungs=[3, 6]))

    def job(
        self,
        trial: int,
        first: int,
        last: int,
        outcome: JobOutcome = JobOutcome.reached,
        attempt: int = 0,
        reason: str = "the loss became NaN",
    ) -> None:
        """Epochs `first` to `last`, then `outcome` there."""
        target = last if outcome is JobOutcome.reached else 6
        self.journal.append(JobStarted(trial=trial, replicate=0, attempt=attempt, last_epoch=target, worker="w0"))
        for epoch in range(first, last + 1):
            self.report(trial, epoch, attempt)
        reason = reason if outcome is JobOutcome.failed else ""
        best = last if outcome in (JobOutcome.reached, JobOutcome.stopped_early) else None
        self.journal.append(
            JobEnded(trial=trial, replicate=0, attempt=attempt, outcome=outcome, epoch=last, reason=reason, best_epoch=best)
        )

    def report(self, trial: int, epoch: int, attempt: int = 0) -> None:
        accuracy = 0.5 + 0.05 * epoch + 0.01 * trial
        metrics = {"train/loss": 1 / epoch, "val/loss": 1.1 / epoch, "val/accuracy": accuracy, "lr": 1e-3}
        metrics |= {"val/macro_f1": accuracy - 0.1, "val/top5_accuracy": accuracy + 0.1}
        timings = {"epoch_s": 2.0, "pictures_per_s": 100.0}
        self.journal.append(
            EpochReported(trial=trial, replicate=0, attempt=attempt, epoch=epoch, metrics=metrics, timings=timings)
        )

    def artifacts(self, trial: int | None, *files: str) -> None:
        for name in files:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"content of {name}")
        self.journal.append(ArtifactsWritten(trial=trial, files=list(files)))

    def score_test(self, trial: int) -> None:
        self.journal.append(
            TestScored(trial=trial, metrics={"test/accuracy": 0.77, "test/accuracy_low": 0.7, "test/accuracy_high": 0.83})
        )


def first_sitting(study: SampleStudy) -> None:
    """Trial 0 complete, 1 paused at its rung, 2 failed; the budget is spent."""
    study.start()
    study.create(0)
    study.job(0, 1, 3)
    study.create(1)
    study.job(1, 1, 3)
    study.job(0, 4, 6, attempt=1)
    study.create(2, lr=9e-3)
    study.job(2, 1, 2, JobOutcome.failed)
    study.artifacts(None, "report/figures/curves.txt", "report/report.md")
    study.artifacts(0, "trials/0000/figures/confusion.txt", "trials/0000/evaluation.json")
    study.score_test(0)
    study.end()


def second_sitting(study: SampleStudy) -> None:
    """With a larger budget: trial 1 goes on to its end, trial 3 is new and interrupted."""
    study.start()
    study.job(1, 4, 6, attempt=1)
    study.create(3)
    study.job(3, 1, 1, JobOutcome.interrupted)
    study.end(EndReason.interrupted, leaderboard=(1, 0))


def third_sitting(study: SampleStudy) -> None:
    """Trial 3's worker dies after an epoch, which is trained again; then it completes."""
    study.start()
    study.job(3, 2, 2, JobOutcome.died, attempt=1)
    study.job(3, 2, 6, attempt=2)
    study.end(leaderboard=(3, 1, 0))


def early_sitting(study: SampleStudy) -> None:
    """With a larger budget still: trial 4 ends early, at epoch 4 of 6, and is the best."""
    study.start()
    study.create(4)
    study.job(4, 1, 3)
    study.job(4, 4, 4, JobOutcome.stopped_early, attempt=1)
    study.score_test(4)
    study.end(leaderboard=(4, 3, 1, 0))
