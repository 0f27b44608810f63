from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from sweep.config import Config, DataConfig, FinetuneConfig, FinetuneStrategy, ModelConfig, ModelName, Regime
from sweep.config.fields import find_rule, leaf_paths, with_values
from sweep.config.space import NOT_SEARCHABLE, NOT_SEARCHABLE_PARTS, Choices, FloatRange, IntRange
from sweep.errors import ConfigError
from sweep.search.points import random_point
from sweep.search.regimes import RegimeSheet
from sweep.search.settle import Settled, settle

SHEET = RegimeSheet(
    pictures="some",
    note="",
    recommended={
        "optimizer": {"lr": 2e-3},
        "train": {"batch_size": 16, "epochs": 40},
        "augment": {"rotation_deg": 20.0, "jitter": 0.2},
    },
    space={
        "optimizer": {"lr": {"low": 5e-4, "high": 5e-3, "log": True}, "weight_decay": {"low": 1e-6, "high": 1e-2, "log": True}},
        "train": {"batch_size": {"choices": [16, 32]}, "epochs": {"low": 30, "high": 50}},
    },
    budget={"trials": 25},
)


def settled(
    *named: str,
    space: Mapping[str, Any] | None = None,
    recommended: Mapping[str, Any] | None = None,
    pretrained: bool = False,
    model: str = "mnv3_small",
    **parts: Any,
) -> Settled:
    data = DataConfig(recommended=recommended or {})
    config = Config(model=ModelConfig(name=ModelName(model)), data=data, space=space or {}, **parts)
    return settle(config, {Regime.small: SHEET}, Regime.small, _all(named), pretrained=pretrained)


def _all(named: Collection[str]) -> frozenset[str]:
    return frozenset(named)


def with_lr(lr: float) -> dict[str, Any]:
    from sweep.config import OptimizerConfig

    return {"optimizer": OptimizerConfig(lr=lr)}


def test_the_regime_recommends_what_nobody_named() -> None:
    found = settled()
    assert found.config.optimizer.lr == 2e-3
    assert found.config.augment.rotation_deg == 20.0
    assert found.config.budget.trials == 25
    assert found.baseline == {"optimizer.lr": 2e-3, "optimizer.weight_decay": 1e-4, "train.batch_size": 16, "train.epochs": 40}
    assert found.taken_out == found.notes == ()


def test_the_data_preset_goes_before_the_regime_and_widens_its_space() -> None:
    found = settled(recommended={"optimizer": {"lr": 1e-2}, "train": {"batch_size": 48}})
    assert found.config.optimizer.lr == found.baseline["optimizer.lr"] == 1e-2
    assert found.space["optimizer.lr"] == FloatRange(5e-4, 1e-2, log=True)
    assert found.space["train.batch_size"] == Choices((16, 32, 48))
    assert len(found.notes) == 2 and "train.batch_size is widened to hold 48" in found.notes[1]


def test_what_the_user_named_is_fixed_before_everything_and_not_searched() -> None:
    found = settled("optimizer.lr", recommended={"optimizer": {"lr": 1e-2}}, **with_lr(3e-3))
    assert found.config.optimizer.lr == 3e-3
    assert "optimizer.lr" not in found.space and "optimizer.lr" not in found.baseline
    assert found.taken_out == ("optimizer.lr",)


def test_a_named_group_covers_what_is_below_it() -> None:
    assert settled("augment").config.augment.rotation_deg == 10.0
    assert settled("augment").config.augment.jitter == 0.1
    assert settled("augment.jitter").config.augment.rotation_deg == 20.0
    assert settled("optimizer").taken_out == ("optimizer.lr", "optimizer.weight_decay")
    assert "optimizer.lr" in settled("opti").space  # a name covers whole words


def test_a_named_budget_stands() -> None:
    assert settled("budget.trials").config.budget.trials == 20


def test_fixing_and_searching_the_same_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="optimizer.lr is fixed and searched at once — drop either"):
        settled("optimizer.lr", space={"optimizer": {"lr": {"low": 1e-4}}})
    assert "optimizer.lr" not in settled("optimizer.lr", space={"optimizer": {"lr": None}}).space


def test_a_named_group_can_still_be_searched_around() -> None:
    found = settled("augment", space={"augment": {"rotation_deg": {"low": 0.0, "high": 45.0}}})
    assert found.space["augment.rotation_deg"] == FloatRange(0.0, 45.0)
    assert found.baseline["augment.rotation_deg"] == 10.0


def test_a_range_that_the_user_asked_for_stands_and_the_baseline_moves_into_it() -> None:
    space = {
        "optimizer": {"lr": {"high": 1e-3}},
        "train": {"epochs": {"low": 4, "high": 8, "step": 2}, "batch_size": {"choices": [64, 128]}},
    }
    found = settled(space=space)
    assert found.space["optimizer.lr"] == FloatRange(5e-4, 1e-3, log=True)
    assert found.space["train.epochs"] == IntRange(4, 8, step=2)
    assert found.baseline == {"optimizer.lr": 1e-3, "optimizer.weight_decay": 1e-4, "train.batch_size": 64, "train.epochs": 8}
    assert found.config.train.epochs == 8
    assert len(found.notes) == 3


def test_pretrained_weights_open_lower_learning_rates_unless_the_user_says_otherwise() -> None:
    assert settled(pretrained=True).space["optimizer.lr"] == FloatRange(1e-4, 5e-3, log=True)
    chosen = settled(pretrained=True, space={"optimizer": {"lr": {"low": 1e-3}}})
    assert chosen.space["optimizer.lr"] == FloatRange(1e-3, 5e-3, log=True)
    assert SHEET.space["optimizer"]["lr"]["low"] == 5e-4


@pytest.mark.parametrize("options", [["frozen"], ["full", "gradual"]])
def test_a_strategy_that_keeps_the_backbone_wants_pretrained_weights(options: list[str]) -> None:
    space = {"finetune": {"strategy": {"choices": options}}}
    assert settled(space=space, pretrained=True).space["finetune.strategy"] == Choices(tuple(options))
    with pytest.raises(ConfigError, match=f"finetune.strategy={options[-1]} keeps a pretrained backbone.*model.weights=FILE"):
        settled(space=space)
    with pytest.raises(ConfigError, match=f"finetune.strategy={options[-1]} keeps"):
        settled(finetune=FinetuneConfig(strategy=FinetuneStrategy(options[-1])))


def test_a_setting_that_is_off_can_be_searched_over_a_range() -> None:
    ranges = {"clip_norm": {"low": 0.1, "high": 10.0, "log": True}, "early_stopping": {"low": 4, "high": 8}}
    found = settled(space={"train": ranges})
    assert found.baseline["train.clip_norm"] == pytest.approx(1.0) and found.baseline["train.early_stopping"] == 6


def test_a_space_in_which_a_later_trial_would_be_refused_is_refused() -> None:
    mixing = {"low": 0.0, "high": 0.8}
    with pytest.raises(ConfigError, match="the space holds what no trial may have: .*more than 1 together"):
        settled(space={"augment": {"mixup": mixing, "cutmix": mixing}})
    assert "augment.mixup" in settled(space={"augment": {"mixup": mixing}}).space
    with pytest.raises(ConfigError, match="the space holds what no trial may have: .*resnet18 has one width only"):
        settled(space={"model": {"width_mult": {"low": 0.5, "high": 2.0}}}, model="resnet18")


OF_A_TRIAL = [path for path in leaf_paths(Config) if path not in NOT_SEARCHABLE and not path.startswith(NOT_SEARCHABLE_PARTS)]
NUMBERS = [path for path in OF_A_TRIAL if set(find_rule(Config, path).kinds) & {int, float}]


@pytest.mark.parametrize("path", NUMBERS)
def test_every_number_of_a_trial_can_be_searched_in_each_of_its_trials(path: str) -> None:
    rule = find_rule(Config, path)
    assert rule.bounds is not None and len(NUMBERS) > 20
    low, high = (2, 9) if float not in rule.kinds else (max(rule.bounds.low, 0.1), min(rule.bounds.high, 0.9))
    part, name = path.split(".")
    found = settled(space={part: {name: {"low": low, "high": high}}})
    for seed in range(20):
        point = random_point(found.space, (), seed)
        assert point is not None
        with_values(found.config, point)


def test_widths_are_compared_from_scratch() -> None:
    space = {"model": {"width_mult": {"low": 0.5, "high": 2.0}}}
    assert settled(space=space).baseline["model.width_mult"] == 1.0
    with pytest.raises(ConfigError, match="pretrained weights exist for one width only — .*model.weights=none"):
        settled(space=space, pretrained=True)


def test_nothing_left_to_search_is_refused_with_a_remedy() -> None:
    with pytest.raises(ConfigError, match="nothing is left to search.*leave one of them free"):
        settled("optimizer.lr", "optimizer.weight_decay", "train.batch_size", "train.epochs")


def test_without_a_search_the_space_is_empty_and_the_recommendations_stand() -> None:
    config = Config(model=ModelConfig(name=ModelName.mnv3_small), data=DataConfig())
    found = settle(config, {Regime.small: SHEET}, Regime.small, (), pretrained=True, search=False)
    assert found.space == {} and found.baseline == {}
    assert found.config.optimizer.lr == 2e-3


def test_a_recommendation_that_a_logarithmic_range_cannot_hold_is_refused() -> None:
    with pytest.raises(ConfigError, match="optimizer.weight_decay=0 is recommended.*fix it with optimizer.weight_decay=0"):
        settled(recommended={"optimizer": {"weight_decay": 0.0}})


def test_a_budget_that_does_not_reach_for_the_baseline_is_refused() -> None:
    from sweep.config import BudgetConfig

    with pytest.raises(ConfigError, match="budget.epochs=39 does not reach for the baseline, which takes 40 epochs"):
        settled("budget.epochs", budget=BudgetConfig(epochs=39))


def test_a_misspelt_recommendation_of_the_data_is_refused() -> None:
    with pytest.raises(ConfigError, match="optimizer.lrr"):
        settled(recommended={"optimizer": {"lrr": 1.0}})
