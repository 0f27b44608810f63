"""What a study leaves for people, without the pictures: a sweep of noop trials has nothing to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sweep.analysis.report import summary
from sweep.driver.study import Study
from sweep.journal.fate import concluded
from sweep.journal.files import write_atomic
from sweep.journal.history import History, Trial
from sweep.journal.layout import trial_folder


def write_trial_artifacts(history: History, trial: Trial, folder: Path, *, config: Any, environment: Any) -> list[str]:
    path = trial_folder(folder, trial.number) / "config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, yaml.safe_dump(config))
    return [path.relative_to(folder).as_posix()]


def write_study_artifacts(history: History, folder: Path) -> tuple[list[str], str]:
    path = folder / "report" / "leaderboard.txt"
    path.parent.mkdir(exist_ok=True)
    history = concluded(history)
    write_atomic(path, "\n".join(str(trial.number) for trial in history.ranked()))
    return [path.relative_to(folder).as_posix()], summary(history)


def score_on_test(study: Study, trial: Trial) -> Mapping[str, float]:
    accuracy = trial.value_at(trial.epochs_done)
    return {"test/accuracy": accuracy, "test/accuracy_low": accuracy - 0.05, "test/accuracy_high": accuracy + 0.05}
