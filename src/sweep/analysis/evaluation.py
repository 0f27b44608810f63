"""What a trial's best weights do on the validation split, class by class, as training wrote it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from sweep.analysis.naming import markdown_cell, markdown_table
from sweep.errors import StudyError, printable
from sweep.journal.layout import EVALUATION


@dataclass(frozen=True, slots=True)
class ClassScore:
    name: str
    precision: float
    recall: float
    f1: float
    support: int
    """Pictures of the class in the split."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Pictures by true class (rows) and predicted class (columns)."""
    per_class: tuple[ClassScore, ...]

    @property
    def num_pictures(self) -> int:
        return sum(map(sum, self.confusion))

    @property
    def accuracy(self) -> float:
        return sum(row[index] for index, row in enumerate(self.confusion)) / max(self.num_pictures, 1)


def read_evaluation(trial_folder: Path) -> Evaluation | None:
    """The evaluation in a trial's folder; None where there is none.

    Raises StudyError when the file is damaged.
    """
    path = trial_folder / EVALUATION
    if not path.exists():
        return None
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        scores = tuple(
            ClassScore(str(one["name"]), float(one["precision"]), float(one["recall"]), float(one["f1"]), int(one["support"]))
            for one in plain["per_class"]
        )
        confusion = tuple(tuple(int(count) for count in row) for row in plain["confusion"])
        found = Evaluation(tuple(map(str, plain["classes"])), confusion, scores)
    except (ValueError, KeyError, TypeError) as error:
        raise StudyError(f"{path} is damaged ({error!r})", "delete it and run the trial again") from error
    if {len(found.classes), len(confusion), *map(len, confusion), len(scores)} != {len(found.classes)}:
        raise StudyError(f"{path} is damaged (its parts have different numbers of classes)", "delete it and run the trial again")
    return found


def per_class_csv(evaluation: Evaluation) -> str:
    """The scores of every class, in the order of the classes, floats in full."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["class", "precision", "recall", "f1", "support"])
    for score in evaluation.per_class:
        writer.writerow([printable(score.name), score.precision, score.recall, score.f1, score.support])
    return text.getvalue()


def per_class_markdown(evaluation: Evaluation, limit: int | None = None) -> str:
    """The `limit` classes with the lowest F1 (all: None), lowest first, as a Markdown table."""
    worst = sorted(evaluation.per_class, key=lambda score: score.f1)[:limit]
    rows = [
        [markdown_cell(one.name), *(f"{value:.3f}" for value in (one.precision, one.recall, one.f1)), str(one.support)]
        for one in worst
    ]
    return markdown_table(["class", "precision", "recall", "F1", "pictures"], rows)
