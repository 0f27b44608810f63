"""Writes what people look at into the study's folder, and names what was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sweep.analysis.evaluation import per_class_csv, read_evaluation
from sweep.analysis.leaderboard import leaderboard, leaderboard_csv, leaderboard_markdown
from sweep.analysis.report import summary
from sweep.errors import printable
from sweep.journal.fate import concluded
from sweep.journal.files import write_atomic
from sweep.journal.history import History, Trial
from sweep.journal.layout import WEIGHTS, trial_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class _Folder:
    """A folder below the study's, and the files in it to show, relative to the study's."""

    def __init__(self, path: Path, study_folder: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._study_folder = study_folder
        self.files: list[str] = []

    def write(self, name: str, content: bytes | str) -> None:
        write_atomic(self.path / name, content)
        self.note(name)

    def draw(self, name: str, figure: Figure) -> None:
        from sweep.analysis.figures.style import png

        self.write(name, png(figure))

    def note(self, name: str) -> None:
        self.files.append((self.path / name).relative_to(self._study_folder).as_posix())


def write_trial_artifacts(
    history: History, trial: Trial, study_folder: Path, config: Mapping[str, Any], environment: Mapping[str, Any]
) -> list[str]:
    """Writes a trial's configuration, surroundings and figures; returns every file to show, relative to `study_folder`.

    For a trial that is finished, or that the budget leaves unfinished. `config` is the trial's own, its values put in, as
    plain values. Figures of what does not exist (a trial without an epoch, or without an evaluation) are left out; the
    weights are named where they lie. Raises OSError, and StudyError for a damaged evaluation.
    """
    from sweep.analysis.figures.confusion import confusion_matrix, draw_confusion_matrix
    from sweep.analysis.figures.learning_curve import draw_learning_curve, learning_curve

    folder = _Folder(trial_folder(study_folder, trial.number), study_folder)
    folder.write("config.yaml", _yaml(config))
    folder.write("overrides.txt", "".join(f"{printable(override)}\n" for override in trial_overrides(history, trial)))
    folder.write("environment.json", json.dumps(environment, indent=2, sort_keys=True) + "\n")
    if trial.reports:
        folder.draw("learning_curve.png", draw_learning_curve(learning_curve(concluded(history), trial)))
    evaluation = read_evaluation(folder.path)
    if evaluation is not None:
        matrix = confusion_matrix(evaluation, f"Trial {trial.number} of {history.opened.study}")
        folder.draw("confusion_matrix.png", draw_confusion_matrix(matrix))
        folder.write("per_class.csv", per_class_csv(evaluation))
    if (folder.path / WEIGHTS).exists():
        folder.note(WEIGHTS)
    return folder.files


def trial_overrides(history: History, trial: Trial) -> list[str]:
    """What to type to get the trial's settings: the study's command line without its space and, after it, the trial's values."""
    fixed = [override for override in history.opened.overrides if not override.lstrip("+~").startswith(("space.", "space="))]
    return [*fixed, *(f"{path}={json.dumps(value)}" for path, value in trial.params.items())]


def write_study_artifacts(history: History, study_folder: Path) -> tuple[list[str], str]:
    """Writes the report of a study whose budget is spent; returns its files, relative to `study_folder`, and the summary.

    The figures need a trial, the importance enough of them; the summary says when it was left out. Raises OSError, and
    StudyError for a damaged evaluation.
    """
    folder = _Folder(study_folder / "report", study_folder)
    history = concluded(history)
    champion = history.best()
    evaluation = read_evaluation(trial_folder(study_folder, champion.number)) if champion else None
    frame, text = leaderboard(history), summary(history, evaluation)
    folder.write("leaderboard.csv", leaderboard_csv(frame))
    folder.write("leaderboard.md", leaderboard_markdown(frame, history.objective))
    folder.write("space.yaml", _yaml(history.opened.space))
    folder.write("summary.md", text)
    if history.trials:
        _draw_study(folder, history)
    return folder.files, text


def _draw_study(folder: _Folder, history: History) -> None:
    from sweep.analysis.figures.importance import Importance, draw_importance, importance
    from sweep.analysis.figures.optimization_history import draw_optimization_history, optimization_history
    from sweep.analysis.figures.parallel import draw_parallel_coordinates
    from sweep.analysis.figures.rungs import draw_rung_curves, rung_curves
    from sweep.analysis.figures.scored import scored_space
    from sweep.analysis.figures.slices import draw_slices

    folder.draw("optimization_history.png", draw_optimization_history(optimization_history(history)))
    folder.draw("curves.png", draw_rung_curves(rung_curves(history)))
    space = scored_space(history)
    if space.space and space.trials:
        folder.draw("slice.png", draw_slices(space))
        folder.draw("parallel_coordinates.png", draw_parallel_coordinates(space))
    found = importance(history)
    if isinstance(found, Importance):
        folder.draw("importance.png", draw_importance(found))


def _yaml(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)
