from __future__ import annotations

from typing import Any

import pytest

from sweep.config.space import Choices, FloatRange, IntRange, merge_spaces, parse_dimension, space_from_plain, space_to_plain
from sweep.errors import ConfigError

BASE: dict[str, dict[str, dict[str, Any]]] = {
    "optimizer": {"lr": {"low": 5e-4, "high": 5e-3, "log": True}},
    "model": {"dropout": {"low": 0.0, "high": 0.5}},
    "train": {"batch_size": {"choices": [16, 32]}},
}


def test_an_overlay_changes_single_keys_of_a_range() -> None:
    space = merge_spaces(BASE, {"optimizer": {"lr": {"low": 1e-4}}})
    assert space["optimizer.lr"] == FloatRange(1e-4, 5e-3, log=True)
    assert space["model.dropout"] == FloatRange(0.0, 0.5)
    assert BASE["optimizer"]["lr"]["low"] == 5e-4


def test_an_overlay_of_another_kind_replaces_the_whole_dimension() -> None:
    space = merge_spaces(
        BASE, {"optimizer": {"lr": {"choices": [1e-3, 1e-2]}}, "train": {"batch_size": {"low": 8, "high": 64, "log": True}}}
    )
    assert space["optimizer.lr"] == Choices((1e-3, 1e-2))
    assert space["train.batch_size"] == IntRange(8, 64, log=True)


def test_null_takes_a_dimension_out_and_a_new_path_puts_one_in() -> None:
    space = merge_spaces(BASE, {"model": {"dropout": None}, "augment": {"shear": {"low": 0, "high": 0.3}}})
    assert set(space) == {"optimizer.lr", "train.batch_size", "augment.shear"}
    assert space["augment.shear"] == FloatRange(0.0, 0.3)


def test_choices_of_an_option_are_written_as_its_name() -> None:
    assert parse_dimension("optimizer.name", {"choices": ["adamw", "sgd"]}) == Choices(("adamw", "sgd"))


def test_a_step_that_misses_the_end_ends_below_it() -> None:
    dimension = parse_dimension("train.epochs", {"low": 10, "high": 20, "step": 4})
    assert dimension == IntRange(10, 18, step=4)
    assert 14 in dimension and 16 not in dimension and 20 not in dimension


@pytest.mark.parametrize(
    ("path", "keys", "said"),
    [
        ("optimizer.lrr", {"low": 1e-4, "high": 1e-3}, "did you mean 'optimizer.lr'?"),
        ("optimizer.lr.low", {"low": 1e-4, "high": 1e-3}, "there is no setting 'optimizer.lr.low'"),
        ("optimizer.lr", {"low": 1e-3, "high": 1e-3}, "space.optimizer.lr is empty: low=0.001 is not below high=0.001"),
        ("optimizer.lr", {"low": 1e-2, "high": 1e-3}, "is empty"),
        ("optimizer.lr", {"low": -1, "high": 1e-3}, "space.optimizer.lr.low=-1 is out of range — allowed: a number in (0, 10]"),
        ("model.dropout", {"low": 0, "high": 1.5}, "space.model.dropout.high=1.5 is out of range — allowed: a number in [0, 1)"),
        ("model.dropout", {"low": 0, "high": 0.5, "log": True}, "space.model.dropout.low=0 has no logarithm"),
        ("model.dropout", {"low": 0, "high": 0.5, "log": "yes"}, "space.model.dropout.log='yes' is not allowed"),
        ("model.dropout", {"low": 0, "high": 0.5, "step": 0.1}, "space.model.dropout.step is for whole numbers"),
        ("model.dropout", {"low": "a", "high": 0.5}, "space.model.dropout.low='a' is not allowed"),
        ("model.dropout", {"low": float("nan"), "high": 0.5}, "space.model.dropout.low=nan is not allowed"),
        ("model.dropout", {"high": 0.5}, "space.model.dropout has no low"),
        ("model.dropout", {"low": 0, "hihg": 0.5}, "did you mean 'high'?"),
        ("train.epochs", {"low": 10, "high": 20, "step": 0}, "space.train.epochs.step=0 is not allowed"),
        ("train.epochs", {"low": 10, "high": 20, "step": 11}, "space.train.epochs.step=11 is not allowed"),
        ("train.epochs", {"low": 10, "high": 20, "step": 2, "log": True}, "1 where log=true"),
        ("train.epochs", {"low": 10.5, "high": 20}, "space.train.epochs.low=10.5 is not allowed"),
        ("train.batch_size", {"choices": [16, 32], "low": 8}, "space.train.batch_size has both choices and low"),
        ("train.batch_size", {"choices": []}, "is not a list of values"),
        ("train.batch_size", {"choices": 16}, "is not a list of values"),
        ("train.batch_size", {"choices": [16, 16]}, "names a value twice"),
        ("train.batch_size", {"choices": [16, 1]}, "space.train.batch_size.choices=1 is out of range"),
        ("optimizer.name", {"low": 0, "high": 1}, "is not a number"),
        ("optimizer.name", {"choices": ["adamw", "adamv"]}, "did you mean 'adam'?"),
        ("seed", {"low": 0, "high": 5}, "space.seed cannot be searched"),
        ("data.image_size", {"choices": [128, 224]}, "space.data.image_size cannot be searched"),
        ("model.name", {"choices": ["mnv3_small"]}, "space.model.name cannot be searched"),
        ("budget.trials", {"low": 1, "high": 5}, "space.budget.trials cannot be searched"),
    ],
)
def test_what_the_configuration_does_not_allow_is_refused(path: str, keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_dimension(path, keys)
    assert said in refused.value.line


@pytest.mark.parametrize(
    ("overlay", "said"),
    [
        ({"optimizer": {"lrr": {"low": 1e-4, "high": 1e-3}}}, "did you mean 'optimizer.lr'?"),
        ({"train": {"epochs": None}}, "space.train.epochs=null takes out what is not there"),
        ({"optimizer": {"lr": 1e-3}}, "space.optimizer.lr=0.001 is not a range"),
        ({"optimizer": {"lr": {}}}, "is not a range"),
        ({"optimizer": {"lr": {"choices": [1e-3], "low": 1e-4}}}, "has both choices and low"),
    ],
)
def test_a_bad_overlay_is_refused(overlay: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        merge_spaces(BASE, overlay)
    assert said in refused.value.line


def test_a_widened_dimension_holds_the_value_and_all_that_it_held() -> None:
    assert FloatRange(1e-3, 1e-2, log=True).widened(1e-4) == FloatRange(1e-4, 1e-2, log=True)
    assert IntRange(10, 20, step=5).widened(25) == IntRange(10, 25, step=5)
    stepless = IntRange(10, 20, step=5).widened(22)
    assert stepless == IntRange(10, 22) and 15 in stepless and 22 in stepless
    assert Choices((16, 64)).widened(48) == Choices((16, 48, 64))
    assert Choices(("a", "b")).widened("c") == Choices(("a", "b", "c"))


def test_a_space_survives_being_written_down() -> None:
    space = merge_spaces(
        BASE, {"train": {"epochs": {"low": 10, "high": 20, "step": 2}}, "optimizer": {"name": {"choices": ["sgd", "adamw"]}}}
    )
    assert space_from_plain(space_to_plain(space)) == space
