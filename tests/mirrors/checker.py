"""Compares what Optuna and MLflow hold with the journal: each trial, epoch and file once, whole, and with the right status.

Told from the journal's events, not by the mirrors' own view of them. Every function returns what is wrong, in words.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as State

from sweep.journal.events import ArtifactsWritten, EndReason, EpochReported
from sweep.journal.history import History, Trial, TrialState, fold
from sweep.journal.journal import Entry
from sweep.mirrors.mirror import study_uid


def check_mlflow(uri: str, entries: Sequence[Entry], folder: Path) -> list[str]:
    """`folder` is the study's, `uri` a server's that does answer."""
    client, history, uid = MlflowClient(uri), fold(entries), study_uid(entries[0])
    runs, problems = _runs_by_key(client, uid)
    expected = {"study", *(f"{number:04d}" for number in history.trials)}
    problems += [f"MLflow lacks the run of {key}" for key in sorted(expected - runs.keys())]
    problems += [f"MLflow has a run of {key}, the journal has not" for key in sorted(runs.keys() - expected)]
    for key in sorted(expected & runs.keys()):
        status = _study_status(history) if key == "study" else _trial_status(history, history.trials[int(key)])
        if runs[key].info.status != status:
            problems.append(f"MLflow shows {key} as {runs[key].info.status}, not {status}")
        if key != "study":
            problems += _check_curves(client, runs[key], int(key), entries)
    return problems + _check_files(client, runs, entries, folder)


def _runs_by_key(client: MlflowClient, uid: str) -> tuple[dict[str, Run], list[str]]:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    found = client.search_runs(experiments, f"tags.`sweep.key` LIKE '{uid}/%'", max_results=1000)
    keys = [run.data.tags["sweep.key"].partition("/")[2] for run in found]
    problems = [f"MLflow has {count} runs of {key}" for key, count in Counter(keys).items() if count > 1]
    return dict(zip(keys, found, strict=True)), problems


def _study_status(history: History) -> str:
    end = history.sittings[-1].end if history.sittings else None
    if end is None:
        return "RUNNING"
    if end is EndReason.interrupted:
        return "KILLED"
    return "FINISHED" if history.best() else "FAILED"


def _trial_status(history: History, trial: Trial) -> str:
    if trial.state in (TrialState.complete, TrialState.failed):
        return "FINISHED" if trial.state is TrialState.complete else "FAILED"
    end = history.sittings[-1].end
    if end is None:
        return "RUNNING"
    return "FINISHED" if end is EndReason.budget or trial.state is TrialState.paused else "KILLED"


def _check_curves(client: MlflowClient, run: Run, trial: int, entries: Sequence[Entry]) -> list[str]:
    curves: dict[str, dict[int, tuple[int, str]]] = {}
    for entry in entries:
        if isinstance(entry.event, EpochReported) and entry.event.trial == trial:
            for name, value in entry.event.metrics.items():
                shown = repr(value if math.isfinite(value) else math.nan)
                curves.setdefault(name, {}).setdefault(entry.event.epoch, (round(entry.time * 1000), shown))
    problems = []
    for name, points in curves.items():
        history = client.get_metric_history(run.info.run_id, name)
        found = sorted((point.step, point.timestamp, repr(point.value)) for point in history)
        if found != sorted((epoch, *point) for epoch, point in points.items()):
            problems.append(f"MLflow's {name} of trial {trial}: {len(found)} points, the journal's are {len(points)}: {found}")
    return problems


def _check_files(client: MlflowClient, runs: dict[str, Run], entries: Sequence[Entry], folder: Path) -> list[str]:
    problems = []
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        for entry in entries:
            if not isinstance(entry.event, ArtifactsWritten):
                continue
            key = "study" if entry.event.trial is None else f"{entry.event.trial:04d}"
            for name in entry.event.files:
                shown = name.removeprefix(f"trials/{key}/")
                try:
                    copy = Path(client.download_artifacts(runs[key].info.run_id, shown, place))
                    is_whole = copy.read_bytes() == (folder / name).read_bytes()
                except Exception as error:
                    problems.append(f"MLflow does not give {name} back: {error}")
                else:
                    problems += [] if is_whole else [f"MLflow's {name} is not whole"]
    return problems


def check_optuna(storage: str, entries: Sequence[Entry], name: str = "") -> list[str]:
    """`storage` is an SQLAlchemy address; `name` the study's name there, where it is another than in the journal."""
    history = fold(entries)
    opened = optuna.storages.RDBStorage(storage)
    try:
        trials = optuna.load_study(study_name=name or history.opened.study, storage=opened).trials
    finally:
        opened.remove_session()
        opened.engine.dispose()
    problems = []
    if [trial.number for trial in trials] != list(history.trials):
        problems.append(f"Optuna has the trials {[trial.number for trial in trials]}, the journal {list(history.trials)}")
    for found in trials:
        if found.number in history.trials:
            problems += _check_trial(found, history.trials[found.number], history)
    return problems


def _check_trial(found: FrozenTrial, trial: Trial, history: History) -> list[str]:
    problems = []
    values = {epoch: trial.value_at(epoch) for epoch in trial.reports}
    if found.intermediate_values != values:
        problems.append(f"Optuna's epochs of trial {trial.number} are {found.intermediate_values}, the journal's {values}")
    if found.state is not _optuna_state(trial, history):
        problems.append(f"Optuna shows trial {trial.number} as {found.state.name}")
    if found.state is State.COMPLETE and found.value != values[trial.epochs_done]:
        problems.append(f"Optuna's value of trial {trial.number} is {found.value}")
    if found.params != trial.params:
        problems.append(f"Optuna's params of trial {trial.number} are {found.params}")
    return problems


def _optuna_state(trial: Trial, history: History) -> State:
    if trial.state in (TrialState.complete, TrialState.failed):
        return State.COMPLETE if trial.state is TrialState.complete else State.FAIL
    end = history.sittings[-1].end
    return {None: State.RUNNING, EndReason.budget: State.PRUNED, EndReason.interrupted: State.WAITING}[end]
