"""What the stores hold, compared with the journal."""

from __future__ import annotations

import mlflow
import optuna
from mlflow.entities import Run

from sweep.driver.shelf import read_study
from tests.commands.program import Program


def open_mlflow(program: Program) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(f"sqlite:///{program.where / 'mlflow.db'}")


def mlflow_runs(program: Program) -> list[Run]:
    """The runs of the program's only experiment."""
    client = open_mlflow(program)
    (experiment,) = [found for found in client.search_experiments() if found.name != "Default"]
    return list(client.search_runs([experiment.experiment_id]))


def is_child(run: Run) -> bool:
    return "mlflow.parentRunId" in run.data.tags


def trial_of(run: Run) -> int:
    """The number of the trial that a child run shows."""
    return int(run.data.tags["sweep.trial"])


def check_records(program: Program) -> None:
    """Every trial once in each store, and none for ever running."""
    folder = program.study_folder()
    trials = read_study(folder).trials
    client, runs = open_mlflow(program), mlflow_runs(program)
    assert sorted(trial_of(run) for run in runs if is_child(run)) == sorted(trials)
    assert len(runs) == len(trials) + 1
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        if is_child(run):
            trial = trials[trial_of(run)]
            steps = [point.step for point in client.get_metric_history(run.info.run_id, "val/accuracy")]
            assert steps == sorted(trial.reports)
    study = optuna.load_study(study_name=folder.name, storage=f"sqlite:///{folder / 'study.db'}")
    assert [trial.number for trial in study.trials] == sorted(trials)
    assert all(trial.state.is_finished() for trial in study.trials)
