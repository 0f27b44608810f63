"""Where sweeps stand, from the journal's events: what the commands are shown with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sweep.config import BudgetConfig
from sweep.driver.view import Standing
from sweep.journal.events import EpochReported
from sweep.journal.history import History
from tests.analysis.conftest import StudyBuilder, asha_study

EPOCH_S = 10.0


def new_study(strategy: str = "asha", **changes: Any) -> StudyBuilder:
    return _configured(StudyBuilder(**changes), strategy)


def new_asha_study(**changes: Any) -> StudyBuilder:
    return _configured(asha_study(**changes), "asha")


def history_of(builder: StudyBuilder) -> History:
    """The history, as if every epoch had taken `EPOCH_S` seconds."""
    builder.events = [
        replace(event, timings={"epoch_s": EPOCH_S, "pictures_per_s": 1234.5}) if isinstance(event, EpochReported) else event
        for event in builder.events
    ]
    return builder.history()


def standing_of(
    builder: StudyBuilder, *, capacity: int = 1, undelivered: dict[str, int] | None = None, **budget: Any
) -> Standing:
    return Standing(history_of(builder), BudgetConfig(**budget), capacity, undelivered or {})


def _configured(builder: StudyBuilder, strategy: str) -> StudyBuilder:
    builder.opened.config.update(search={"strategy": strategy, "reduction_factor": 3}, tracking={"mlflow": True})
    builder.opened.machine.update(device="cpu", threads=1)
    return builder
