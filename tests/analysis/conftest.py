"""Studies as they happen: journal events with plausible curves, folded into histories."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweep.journal.events import (
    SCHEMA_VERSION,
    EndReason,
    EpochReported,
    Event,
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
from sweep.journal.history import History, fold
from sweep.journal.journal import Entry

SPACE: dict[str, dict[str, Any]] = {
    "optimizer.lr": {"low": 5e-4, "high": 5e-3, "log": True},
    "optimizer.weight_decay": {"low": 1e-6, "high": 1e-2, "log": True},
    "model.dropout": {"low": 0.0, "high": 0.5, "log": False},
    "train.batch_size": {"choices": [16, 32, 48]},
    "train.epochs": {"low": 30, "high": 50, "log": False, "step": 1},
}
BASELINE = {
    "optimizer.lr": 1e-3,
    "optimizer.weight_decay": 1e-4,
    "model.dropout": 0.2,
    "train.batch_size": 48,
    "train.epochs": 40,
}


class StudyBuilder:
    """Appends what happens in a study; `history` folds it."""

    def __init__(self, **changes: Any) -> None:
        self.events: list[Event] = [_opened(changes)]
        self.events.append(SittingStarted(pid=1, host="here", budget={}, environment={}))

    def trial(
        self,
        number: int,
        *,
        epochs: int = 40,
        upto: int | None = None,
        accuracy: float = 0.9,
        rungs: list[int] | None = None,
        params: dict[str, Any] | None = None,
        outcome: JobOutcome | None = JobOutcome.reached,
        reason: str = "",
    ) -> StudyBuilder:
        """A trial trained up to epoch `upto` (None: its end) that heads for `accuracy`; outcome None: still running."""
        last = epochs if upto is None else upto
        values = {**self.baseline, "train.epochs": epochs, **(params or {})}
        rungs = rungs or sorted({max(3, round(epochs / 9)), max(3, round(epochs / 3)), epochs})
        origin = Origin.baseline if number == 0 else Origin.sampler
        self.events.append(
            TrialCreated(
                trial=number, params={path: values[path] for path in self.space}, origin=origin, epochs=epochs, rungs=rungs
            )
        )
        self.events.append(JobStarted(trial=number, replicate=0, attempt=0, last_epoch=last, worker="w0"))
        for epoch in range(1, last + 1):
            metrics = curve_point(number, epoch, epochs, accuracy)
            if self.opened.dataset["num_classes"] >= 10:
                metrics["val/top5_accuracy"] = (metrics["val/accuracy"] + 1) / 2
            self.events.append(
                EpochReported(trial=number, replicate=0, attempt=0, epoch=epoch, metrics=metrics, timings={"epoch_s": 1.0})
            )
        if outcome is not None:
            best = max(1, last - 2) if last else None
            self.events.append(
                JobEnded(
                    trial=number,
                    replicate=0,
                    attempt=0,
                    outcome=outcome,
                    epoch=last,
                    reason=reason,
                    best_epoch=best,
                    weights_sha256="ab",
                )
            )
        return self

    @property
    def opened(self) -> StudyOpened:
        assert isinstance(self.events[0], StudyOpened)
        return self.events[0]

    @property
    def space(self) -> dict[str, dict[str, Any]]:
        return self.opened.space

    @property
    def baseline(self) -> dict[str, Any]:
        return self.opened.baseline

    def tested(self, number: int) -> StudyBuilder:
        metrics = {"accuracy": 0.9333, "accuracy_low": 0.897, "accuracy_high": 0.957, "macro_f1": 0.9321, "loss": 0.31}
        self.events.append(TestScored(trial=number, metrics={f"test/{name}": value for name, value in metrics.items()}))
        return self

    def over(self) -> StudyBuilder:
        self.events.append(SittingEnded(reason=EndReason.budget))
        return self

    def history(self, start: float = 1000.0) -> History:
        return fold(Entry(seq, start + seq, event) for seq, event in enumerate(self.events))


def curve_point(number: int, epoch: int, epochs: int, accuracy: float) -> dict[str, float]:
    """Metrics that rise towards `accuracy` along the trial's own schedule, with noise that only the place in it decides."""
    noise = random.Random(f"{number}/{epoch}")
    share = epoch / epochs
    val = accuracy * (1 - math.exp(-5.5 * share)) + (noise.uniform(-0.02, 0.02) if share < 1 else 0.0)
    train = min(1.0, accuracy * 1.06 * (1 - math.exp(-6.5 * share)) + noise.uniform(-0.006, 0.006))
    return {
        "train/loss": 0.1 + 2.6 * math.exp(-5 * share) + noise.uniform(0, 0.03),
        "train/accuracy": train,
        "val/loss": 0.3 + 2.4 * math.exp(-5 * share) + 0.25 * share**2 + noise.uniform(0, 0.06),
        "val/accuracy": max(0.0, val),
        "val/macro_f1": max(0.0, val - 0.012),
        "gap/accuracy": train - val,
        "lr": 1e-3 * (share / 0.1 if share < 0.1 else (1 + math.cos(math.pi * (share - 0.1) / 0.9)) / 2),
    }


def asha_study(num_trials: int = 12, **changes: Any) -> StudyBuilder:
    """Trials with spread-out values, most of them stopped at their first or second rung, one failed."""
    builder = StudyBuilder(**changes).trial(0, accuracy=0.89)
    for number in range(1, num_trials):
        draw = random.Random(number)
        lr = 5e-4 * 10 ** draw.random()
        params = {
            "optimizer.lr": lr,
            "optimizer.weight_decay": 10 ** draw.uniform(-6, -2),
            "model.dropout": draw.uniform(0, 0.5),
            "train.batch_size": draw.choice([16, 32, 48]),
        }
        epochs = draw.randint(30, 50)
        accuracy = 0.94 - 0.15 * abs(math.log10(lr / 1.5e-3)) - draw.uniform(0, 0.03)
        if number == 5:
            builder.trial(number, epochs=epochs, params=params, upto=6, outcome=JobOutcome.failed, reason="the loss became NaN")
            continue
        upto = None if number in (3, 8) else max(3, round(epochs / 3)) if number % 3 == 1 else max(3, round(epochs / 9))
        builder.trial(number, epochs=epochs, params=params, upto=upto, accuracy=accuracy)
    return builder


MIXED_SPACE: dict[str, dict[str, Any]] = {
    "optimizer.lr": {"low": 1e-4, "high": 5e-3, "log": True},
    "train.batch_size": {"choices": [16, 32, 48]},
    "optimizer.name": {"choices": ["adam", "adamw", "sgd", "rmsprop"]},
    "finetune.strategy": {"choices": ["full", "frozen", "gradual"]},
    "schedule.name": {"choices": ["constant", "cosine", "plateau"]},
    "augment.strength": {"low": 0.0, "high": 2.0, "log": False},
    "train.label_smoothing": {"choices": [0.0, 0.05, 0.1]},
    "train.clip_norm": {"choices": [None, 1.0, 5.0]},
    "optimizer.nesterov": {"choices": [True, False]},
    "model.dropout": {"low": 0.0, "high": 0.5, "log": False},
}
MIXED_BASELINE = {path: keys["choices"][0] for path, keys in MIXED_SPACE.items() if "choices" in keys} | {
    "optimizer.lr": 1e-3,
    "augment.strength": 1.0,
    "model.dropout": 0.2,
}


def mixed_study(num_trials: int = 16, **changes: Any) -> StudyBuilder:
    """Trials over ranges, words, numbers to choose from, null and true or false; the optimizer decides how good they are."""
    builder = StudyBuilder(**{"space": MIXED_SPACE, "baseline": MIXED_BASELINE} | changes).trial(0, accuracy=0.89)
    for number in range(1, num_trials):
        draw = random.Random(number)
        params = {path: draw.choice(keys["choices"]) for path, keys in MIXED_SPACE.items() if "choices" in keys}
        params |= {"optimizer.lr": 1e-4 * 50 ** draw.random(), "augment.strength": draw.uniform(0, 2)}
        params["model.dropout"] = draw.uniform(0, 0.5)
        accuracy = {"adam": 0.9, "adamw": 0.8, "sgd": 0.6, "rmsprop": 0.4}[params["optimizer.name"]]
        builder.trial(number, params=params, upto=None if number in (3, 8) else 4, accuracy=accuracy)
    return builder


def _opened(changes: dict[str, Any]) -> StudyOpened:
    classes = changes.get("classes", [f"species {index:02d}" for index in range(20)])
    dataset = {
        "name": "plants",
        "root": changes.get("root", "pictures/plants"),
        "drawn": changes.get("drawn", False),
        "fingerprint": "f" * 64,
        "num_pictures": 1500,
        "num_classes": len(classes),
        "classes": classes,
        "train": 1050,
        "val": changes.get("val", 225),
        "test": 225,
        "unreadable": changes.get("unreadable", 0),
    }
    source = changes.get("weights", "imagenet")
    return StudyOpened(
        schema=SCHEMA_VERSION,
        study=changes.get("study", "mnv3_small-plants-small-1a2b3c4d"),
        config={"seed": 0, "objective": changes.get("objective", "accuracy"), "model": {"name": "mnv3_small"}},
        space=changes.get("space", SPACE),
        baseline=changes.get("baseline", BASELINE),
        overrides=changes.get("overrides", ["model=mnv3_small", "data=plants"]),
        regime="small",
        dataset=dataset,
        weights={"source": source, "sha256": None if source == "none" else "0123456789abcdef" * 4},
        machine={},
        environment={},
        network=changes.get("network", {"parameters": 1_540_000, "size_mb": 6.24}),
    )


@pytest.fixture
def new_study() -> Callable[..., StudyBuilder]:
    return StudyBuilder


@pytest.fixture
def new_asha_study() -> Callable[..., StudyBuilder]:
    return asha_study


@pytest.fixture
def new_mixed_study() -> Callable[..., StudyBuilder]:
    return mixed_study


@pytest.fixture
def write_evaluation() -> Callable[..., None]:
    """Writes a trial folder's evaluation.json for the given classes, with a few mistakes between neighbours."""

    def write(folder: Path, classes: list[str], per_class: int = 15) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        confusion = [[0] * len(classes) for _ in classes]
        for index in range(len(classes)):
            wrong = random.Random(index).randint(0, per_class // 4) if len(classes) > 1 else 0
            confusion[index][index] = per_class - wrong
            confusion[index][(index + 3) % len(classes)] += wrong
        scores = [
            {
                "name": name,
                "precision": confusion[index][index] / max(sum(row[index] for row in confusion), 1),
                "recall": confusion[index][index] / per_class,
                "f1": confusion[index][index] / per_class,
                "support": per_class,
            }
            for index, name in enumerate(classes)
        ]
        plain = {"classes": classes, "confusion": confusion, "per_class": scores}
        (folder / "evaluation.json").write_text(json.dumps(plain), encoding="utf-8")

    return write
