from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from sweep.config import Auto, Config, DataConfig, ExecutionConfig, ModelConfig, ModelName, Objective, Regime, RegimeChoice
from sweep.config.fields import build, find_rule, leaf_paths, to_plain, with_values
from sweep.errors import ConfigError


@pytest.fixture
def config() -> Config:
    return Config(model=ModelConfig(name=ModelName.mnv3_small), data=DataConfig(name="plants"))


def test_a_model_and_data_are_all_it_takes(config: Config) -> None:
    assert build(Config, {"model": {"name": "mnv3_small"}, "data": {"name": "plants"}}) == config


def test_a_configuration_survives_json(config: Config) -> None:
    assert build(Config, json.loads(json.dumps(to_plain(config)))) == config


def test_every_default_obeys_its_own_rule(config: Config) -> None:
    plain = to_plain(config)
    for path in leaf_paths(Config):
        value = plain
        for name in path.split("."):
            value = value[name]
        assert to_plain(with_values(config, {path: value})) == plain, path


def test_nobody_changes_a_configuration(config: Config) -> None:
    with pytest.raises(FrozenInstanceError):
        config.seed = 1  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        config.optimizer.lr = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("path", "allowed", "refused"),
    [
        ("seed", (0, 2**63 - 1), (-1, 2**63)),
        ("optimizer.lr", (1e-9, 10), (0, 11)),
        ("optimizer.weight_decay", (0, 1), (-1e-9, 1.1)),
        ("optimizer.momentum", (0, 0.999), (1,)),
        ("model.dropout", (0, 0.99), (1, -0.1)),
        ("model.batchnorm_momentum", (1e-6, 1), (0,)),
        ("data.val_fraction", (0.01, 0.5), (0, 0.51)),
        ("data.test_fraction", (0.01, 0.5), (0, 0.51)),
        ("train.epochs", (1, 1000), (0, 1001)),
        ("train.batch_size", (2, 4096), (1, 4097)),
        ("augment.shift", (0, 0.5), (0.6,)),
        ("search.reduction_factor", (2, 10), (1, 11)),
        ("execution.threads", (1, 256, "auto"), (0, 257, "all")),
        ("budget.trials", (1,), (0,)),
        ("budget.hours", (0.01, None), (0, -1)),
    ],
)
def test_numbers_have_bounds(config: Config, path: str, allowed: tuple[object, ...], refused: tuple[object, ...]) -> None:
    for value in allowed:
        with_values(config, {path: value})
    for value in refused:
        with pytest.raises(ConfigError, match=rf"{path}="):
            with_values(config, {path: value})


@pytest.mark.parametrize(("image_size", "cache_size"), [(224, 256), (128, 146), (32, 37)])
def test_the_cache_leaves_room_for_augmentation(image_size: int, cache_size: int) -> None:
    assert DataConfig(image_size=image_size).cache_size == cache_size
    assert DataConfig(image_size=image_size, stored_size=300).cache_size == 300


def test_the_cache_holds_at_least_what_the_network_sees() -> None:
    assert DataConfig(image_size=224, stored_size=224).cache_size == 224
    with pytest.raises(ConfigError, match="data.stored_size=200 is smaller than data.image_size=224"):
        DataConfig(image_size=224, stored_size=200)


def test_every_objective_scores_higher_when_better() -> None:
    assert Objective.accuracy.score(0.9) > Objective.accuracy.score(0.8)
    assert Objective.macro_f1.score(0.9) > Objective.macro_f1.score(0.8)
    assert Objective.loss.score(0.8) > Objective.loss.score(0.9)


def test_any_regime_can_be_chosen() -> None:
    assert {choice.value for choice in RegimeChoice} == {"auto"} | {regime.value for regime in Regime}


def test_workers_are_the_programs_to_decide_unless_named() -> None:
    assert ExecutionConfig().workers is Auto.auto
    assert find_rule(Config, "execution.workers").kinds == (int, Auto)
