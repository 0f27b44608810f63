"""The disk space that paused trials take: a checkpoint is only a saving, its trial can be trained anew to the same state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sweep.driver.study import Study
from sweep.journal.history import Trial, TrialState
from sweep.journal.layout import CHECKPOINT, PREVIOUS_CHECKPOINT


def drop_surplus_checkpoints(study: Study, on_notice: Callable[[str], None]) -> None:
    """Deletes the checkpoints of finished trials, and those of the worst paused ones beyond `execution.checkpoints_gb`."""
    for trial in study.history.trials.values():
        if trial.state.is_finished:
            _delete(_checkpoints(study, trial))
    held = [(trial, _checkpoints(study, trial)) for trial in study.history.ranked() if trial.state is TrialState.paused]
    left_gb = study.config.execution.checkpoints_gb
    for trial, files in held:  # best first
        size_gb = sum(path.stat().st_size for path in files) / 1e9
        left_gb -= size_gb
        if files and left_gb < 0:
            _delete(files)
            left_gb += size_gb
            on_notice(
                f"trial {trial.number}: its checkpoint is deleted, paused trials have filled their"
                f" execution.checkpoints_gb={study.config.execution.checkpoints_gb:g}; if it is promoted it is trained anew"
            )


def _checkpoints(study: Study, trial: Trial) -> list[Path]:
    return [path for name in (CHECKPOINT, PREVIOUS_CHECKPOINT) if (path := study.trial_folder(trial.number) / name).exists()]


def _delete(files: list[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
