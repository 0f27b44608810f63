"""The same command continues the same study, a changed one opens another."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.config import Config, Regime
from sweep.config.fields import build, with_values
from sweep.config.space import FloatRange
from sweep.driver.identity import choose_generation, study_name

CONFIG = build(Config, {"model": {"name": "mnv3_small"}, "data": {"root": "pics"}})
SPACE = {"optimizer.lr": FloatRange(1e-4, 1e-2, log=True)}


def name(config: Config = CONFIG, root: str = "/pics", weights: str | None = None, again: int = 0) -> str:
    return study_name(config, SPACE, Regime.small, ("pics", root), weights, again)


def test_the_name_says_model_data_and_regime() -> None:
    head, _, digits = name().rpartition("-")
    assert head == "mnv3_small-pics-small"
    assert len(digits) == 8 and int(digits, 16) >= 0


@pytest.mark.parametrize(
    "without_effect",
    [
        {"budget.trials": 99},
        {"execution.workers": 4},
        {"tracking.mlflow": False},
        {"output_dir": "elsewhere"},
        {"data.root": "./pics"},
        {"model.weights": "none"},
    ],
    ids=str,
)
def test_what_does_not_change_results_does_not_change_the_name(without_effect: dict[str, object]) -> None:
    assert name(with_values(CONFIG, without_effect)) == name()


def test_whatever_changes_results_changes_the_name() -> None:
    others = [
        name(with_values(CONFIG, {"seed": 1})),
        name(with_values(CONFIG, {"objective": "macro_f1"})),
        name(with_values(CONFIG, {"train.epochs": 41})),
        name(with_values(CONFIG, {"data.image_size": 96})),
        name(with_values(CONFIG, {"data.folds": 3})),
        name(with_values(CONFIG, {"data.max_per_class": 10})),
        name(with_values(CONFIG, {"finetune.lr_scale": 0.2})),
        name(with_values(CONFIG, {"search.sampler": "random"})),
        name(root="/other"),
        name(weights="abc"),
        name(again=1),
    ]
    assert len({name(), *others}) == len(others) + 1


def test_a_new_study_is_opened_beside_the_others_and_then_continued(tmp_path: Path) -> None:
    def choose(new: bool) -> str:
        chosen = choose_generation(tmp_path, "study-{}".format, new)
        (tmp_path / chosen).mkdir(exist_ok=True)
        (tmp_path / chosen / "journal.jsonl").touch()
        return chosen

    assert [choose(False), choose(False), choose(True), choose(False), choose(True)] == [
        "study-0",
        "study-0",
        "study-1",
        "study-1",
        "study-2",
    ]
