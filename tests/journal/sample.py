"""Events for the tests of the journal, with the least they can say."""

from __future__ import annotations

from collections.abc import Sequence

from sweep.journal.events import (
    SCHEMA_VERSION,
    EpochReported,
    Event,
    JobEnded,
    JobOutcome,
    JobStarted,
    Origin,
    SittingStarted,
    StudyOpened,
    TestScored,
    TrialCreated,
)


def opened(objective: str = "accuracy", schema: int = SCHEMA_VERSION) -> StudyOpened:
    return StudyOpened(
        schema=schema,
        study="mnv3_small-pläne-tiny-0123abcd",
        config={"objective": objective, "seed": 7},
        space={"optimizer.lr": {"low": 1e-4, "high": 1e-2, "log": True}},
        baseline={"optimizer.lr": 1e-3},
        overrides=["data.root=/pictures/a line\nbreak"],
        regime="tiny",
        dataset={"num_pictures": 300, "classes": ["Löwenzahn", "\ud800"]},
        weights={"source": "none", "sha256": None},
        machine={"device": "cpu", "threads": 1},
        environment={"python": "3.11"},
    )


def sitting() -> SittingStarted:
    return SittingStarted(pid=1, host="here", budget={"trials": 20}, environment={"python": "3.11"})


def created(trial: int = 0, rungs: Sequence[int] = (3, 9)) -> TrialCreated:
    return TrialCreated(trial=trial, params={"optimizer.lr": 1e-3}, origin=Origin.sampler, epochs=rungs[-1], rungs=list(rungs))


def started(trial: int = 0, attempt: int = 0, last_epoch: int = 3, replicate: int = 0) -> JobStarted:
    return JobStarted(trial=trial, replicate=replicate, attempt=attempt, last_epoch=last_epoch, worker="worker-0")


def reported(trial: int = 0, epoch: int = 1, accuracy: float = 0.5, loss: float = 1.0, replicate: int = 0) -> EpochReported:
    metrics = {"val/accuracy": accuracy, "val/loss": loss}
    return EpochReported(trial=trial, replicate=replicate, attempt=0, epoch=epoch, metrics=metrics, timings={"epoch_s": 1.5})


def ended(
    trial: int = 0, epoch: int = 3, outcome: JobOutcome = JobOutcome.reached, reason: str = "", replicate: int = 0
) -> JobEnded:
    return JobEnded(trial=trial, replicate=replicate, attempt=0, outcome=outcome, epoch=epoch, reason=reason, best_epoch=epoch)


def scored(trial: int = 0) -> TestScored:
    return TestScored(trial=trial, metrics={"test/accuracy": 0.5})


def trained(trial: int, accuracies: Sequence[float], rungs: Sequence[int] = (3, 9), loss: float = 1.0) -> list[Event]:
    """A trial that was trained for as many epochs as it has accuracies, and paused or ended there."""
    epochs = len(accuracies)
    reports = [reported(trial, epoch, accuracy, loss) for epoch, accuracy in enumerate(accuracies, 1)]
    return [created(trial, rungs), started(trial, last_epoch=epochs), *reports, ended(trial, epochs)]
