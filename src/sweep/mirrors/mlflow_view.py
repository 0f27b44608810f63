"""What MLflow shows of a study and its trials: names, params, metrics, tags. Plain values; MLflow itself is not needed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sweep.config.fields import flatten
from sweep.errors import printable
from sweep.journal.events import EndReason, Origin, StudyOpened
from sweep.journal.fate import Fate, fate_of, is_put_down
from sweep.journal.history import History, Report, Trial, TrialState
from sweep.journal.layout import trial_name
from sweep.mirrors.changes import Ending

MAX_NAME_CHARS = 200
KEY_TAG = "sweep.key"
STUDY_TAG = "sweep.study"
TRIAL_TAG = "sweep.trial"
STATE_TAG = "trial.state"
EARLY_TAG = "trial.ended_early"
"""Beside the state, which stays one word that one can filter by."""
_ENVIRONMENT = ("code.version", "code.source", "python", "packages.torch", "threads", "hardware.device", "hardware.cpu")
"""What is shown of the record of a run's surroundings, by dotted path; the whole of it is in environment.json."""
_SHORT = {
    "optimizer.lr": "lr",
    "optimizer.weight_decay": "wd",
    "train.batch_size": "bs",
    "train.epochs": "ep",
    "optimizer.name": "opt",
    "schedule.name": "schedule",
    "finetune.strategy": "finetune",
    "augment.strength": "augment",
}


class RunStatus(StrEnum):
    """Of MLflow's statuses those that are used. KILLED looks broken there, so only what was really cut off gets it."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


_STATUS = {
    Fate.complete: RunStatus.FINISHED,
    Fate.stopped: RunStatus.FINISHED,
    Fate.paused: RunStatus.FINISHED,
    Fate.failed: RunStatus.FAILED,
    Fate.interrupted: RunStatus.KILLED,
    Fate.running: RunStatus.KILLED,
    Fate.waiting: RunStatus.KILLED,
}
"""Of a trial that nobody works at."""


@dataclass(frozen=True, slots=True)
class MetricPoint:
    name: str
    value: float
    time: float
    """Seconds since the epoch: the journal's, so that a point sent twice is one."""
    step: int


@dataclass(frozen=True, slots=True)
class RunLook:
    """What changes about a run while the study goes on."""

    status: RunStatus
    ended_at: float | None
    """Seconds since the epoch; None while it is running."""
    tags: dict[str, str]


def run_name(trial: Trial) -> str:
    """Such as `0007 lr=1.2e-03 wd=1.0e-04 bs=32 ep=40`."""
    if trial.origin is Origin.baseline:
        return f"{trial_name(trial.number)} baseline"
    parts = [f"{_SHORT.get(path, path.rpartition('.')[2])}={_brief(value)}" for path, value in trial.params.items()]
    return " ".join([trial_name(trial.number), *parts])[:MAX_NAME_CHARS]


def study_params(opened: StudyOpened) -> dict[str, str]:
    """Every setting, and the space as it was searched."""
    space = {f"space.{path}": json.dumps(dimension) for path, dimension in opened.space.items()}
    return _as_text(_settings(opened) | space)


def network_points(opened: StudyOpened, time: float) -> list[MetricPoint]:
    """The network's size. As metrics: MLflow compares and sorts params as text, where 11.7 M comes before 2.5 M."""
    return points({f"network.{name}": float(value) for name, value in opened.network.items()}, time, 0)


def trial_params(opened: StudyOpened, trial: Trial) -> dict[str, str]:
    """Every setting, with the trial's values put in."""
    return _as_text(_settings(opened) | trial.params)


def study_tags(opened: StudyOpened) -> dict[str, str]:
    """What holds for the study's run and for every trial's alike."""
    shown = {
        STUDY_TAG: opened.study,
        "regime": opened.regime,
        "fingerprint": opened.dataset["fingerprint"],
        "weights": opened.weights["source"],
        "mlflow.source.name": "sweep",
    }
    return _as_text(shown | _environment(opened.environment))


def trial_tags(trial: Trial) -> dict[str, str]:
    return _as_text({TRIAL_TAG: trial_name(trial.number), "origin": trial.origin})


def study_look(history: History, ending: Ending | None) -> RunLook:
    """The study's run, given the last end of a sitting that is news."""
    if ending is None:
        return RunLook(RunStatus.RUNNING, None, {})
    event = ending.event
    note = "\n".join(map(printable, event.summary.split("\n")))
    tags = {"mlflow.note.content": note, "sweep.ended": event.reason.value}
    if event.leaderboard:
        tags["sweep.best"] = trial_name(event.leaderboard[0])
    if not is_put_down(history):  # another sitting began since
        return RunLook(RunStatus.RUNNING, None, tags)
    return RunLook(_study_status(ending), ending.time, tags)


def _study_status(ending: Ending) -> RunStatus:
    if ending.event.reason is not EndReason.budget:
        return RunStatus.KILLED
    return RunStatus.FAILED if ending.best_value is None else RunStatus.FINISHED


def trial_look(history: History, trial: Trial) -> RunLook:
    """A trial's run. Nothing is shown as running when no sitting is on."""
    fate = fate_of(history, trial)
    tags = {STATE_TAG: fate.value}
    if fate is Fate.failed:
        tags["failure"] = trial.failure
    if trial.ended_early:
        tags[EARLY_TAG] = f"epoch {trial.epochs_done} of {trial.epochs}"
    if trial.attempts:
        tags |= _environment(history.sittings[trial.sitting].environment)
    status = _STATUS[fate] if trial.state.is_finished or is_put_down(history) else RunStatus.RUNNING
    ended_at = trial.created_at if trial.ended_at is None else trial.ended_at
    return RunLook(status, None if status is RunStatus.RUNNING else ended_at, _as_text(tags))


def report_points(report: Report) -> list[MetricPoint]:
    """An epoch's metrics and timings."""
    return points(report.metrics | report.timings, report.time, report.epoch)


def result_points(trial: Trial) -> list[MetricPoint]:
    """What a complete trial came to."""
    if trial.state is not TrialState.complete or trial.ended_at is None:
        return []
    result = {"score": trial.value_at(trial.epochs_done)} | ({} if trial.best_epoch is None else {"best_epoch": trial.best_epoch})
    return points(result, trial.ended_at, trial.epochs_done)


def ending_points(ending: Ending) -> list[MetricPoint]:
    """What the study had come to at the end of a sitting."""
    return [] if ending.best_value is None else points({"score": ending.best_value}, ending.time, ending.sitting)


def points(metrics: Mapping[str, float], time: float, step: int) -> list[MetricPoint]:
    """Infinite values become NaN: MLflow would show 1.8e308, beside which no curve can be seen."""
    return [MetricPoint(name, value if math.isfinite(value) else math.nan, time, step) for name, value in sorted(metrics.items())]


def _environment(record: Mapping[str, Any]) -> dict[str, Any]:
    flat = flatten(record)
    return {path: flat[path] for path in _ENVIRONMENT if flat.get(path) is not None}


def _settings(opened: StudyOpened) -> dict[str, Any]:
    return flatten({name: part for name, part in opened.config.items() if name != "space"})


def _brief(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1e}" if value and abs(value) < 0.01 else f"{value:.3g}"
    return str(value)


def _as_text(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: printable(str(value)) for name, value in values.items()}
