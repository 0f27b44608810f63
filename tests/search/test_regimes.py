from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from sweep.config import ModelConfig, ModelName, Regime
from sweep.config.fields import flatten
from sweep.config.places import settings_root
from sweep.config.space import merge_spaces
from sweep.errors import ConfigError
from sweep.search.regimes import RegimeSheet, advice, choose_regime


def sheet_of(regime: Regime) -> dict[str, Any]:
    plain: dict[str, Any] = yaml.safe_load((settings_root() / "sweeps" / f"{regime}.yaml").read_text())
    return plain


@pytest.mark.parametrize(
    ("num_pictures", "regime"),
    [(1, "tiny"), (499, "tiny"), (500, "small"), (1999, "small"), (2000, "medium"), (5000, "medium"), (5001, "large")],
)
def test_a_boundary_belongs_to_the_larger_regime_except_the_last(num_pictures: int, regime: str) -> None:
    assert choose_regime(num_pictures) == regime


@pytest.mark.parametrize("regime", Regime)
def test_every_regime_recommends_a_point_of_its_own_space(regime: Regime) -> None:
    sheet = RegimeSheet.from_plain(sheet_of(regime))
    recommended = flatten(sheet.recommended)
    space = merge_spaces(sheet.space, {})
    assert set(space) == {"optimizer.lr", "optimizer.weight_decay", "model.dropout", "train.batch_size", "train.epochs"}
    for path, dimension in space.items():
        assert recommended[path] in dimension, path
    assert sheet.budget["trials"] >= 10


@pytest.mark.parametrize("regime", Regime)
def test_a_regime_augments_as_the_choice_it_names_does(regime: Regime) -> None:
    strength = {"tiny": "maximum", "small": "heavy", "medium": "standard", "large": "standard"}[regime]
    choice = yaml.safe_load((settings_root() / "conf" / "augment" / f"{strength}.yaml").read_text())
    assert sheet_of(regime)["recommended"]["augment"] == choice


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recommended": {"optimizer": {"lrr": 1e-3}}}, "there is no setting 'optimizer.lrr'"),
        ({"recommended": {"optimizer": {"lr": -1.0}}}, "optimizer.lr=-1.0 is out of range"),
        ({"space": {"model": {"dropout": {"low": 0.0, "high": 1.5}}}}, "space.model.dropout.high=1.5 is out of range"),
        ({"budget": {"trails": 20}}, "did you mean 'budget.trials'?"),
        ({"spaces": {}}, "did you mean 'space'?"),
    ],
)
def test_a_sheet_that_the_configuration_does_not_allow_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        RegimeSheet.from_plain(sheet_of(Regime.small) | change)
    assert said in refused.value.line


def said(model: str, num_pictures: int, **more: Any) -> list[str]:
    return advice(choose_regime(num_pictures), ModelConfig(name=model, **more), num_pictures)


def test_fewer_pictures_than_the_documented_minimum_are_said_to_be_few() -> None:
    (sentence,) = said("mnv3_small", 199)
    assert "199 pictures are fewer than the documented minimum, 200" in sentence
    assert not said("mnv3_small", 200)


@pytest.mark.parametrize("model", ["mnv3_small", "mnv3_large", "mobilenet_v2"])
def test_a_mobilenet_is_told_of_larger_networks_where_there_are_pictures_for_them(model: str) -> None:
    assert not said(model, 1999)
    for num_pictures in (2000, 5000):
        (sentence,) = said(model, num_pictures)
        assert f"may beat {model}" in sentence and "model=efficientnet_b0" in sentence and "not optimal" not in sentence
    (sentence,) = said(model, 5001)
    assert f"{model} is not optimal above 5,000 pictures" in sentence and "resnet50 or vit_b16" in sentence


def test_efficientnet_is_right_from_two_thousand_pictures_on() -> None:
    (sentence,) = said("efficientnet_b0", 1999)
    assert "2,000 pictures and more" in sentence and "model=mnv3_small" in sentence
    assert not said("efficientnet_b0", 2000) and not said("efficientnet_b0", 9000)


def test_a_transformer_wants_many_pictures() -> None:
    for num_pictures, instead in (
        (800, "mnv3_small"),
        (1999, "mnv3_small"),
        (2000, "efficientnet_b0"),
        (5000, "efficientnet_b0"),
    ):
        (sentence,) = said("vit_b16", num_pictures)
        assert "more than 5,000 pictures" in sentence and f"model={instead}" in sentence
    assert not said("vit_b16", 5001)


@pytest.mark.parametrize("num_pictures", [200, 3000, 9000])
def test_nothing_is_said_of_a_network_of_which_nothing_is_known(num_pictures: int) -> None:
    assert not said("resnet18", num_pictures) and not said("resnet50", num_pictures)
    for name in ("efficientnet_b0", "mobilenetv3_small_100"):  # the first of a name that torchvision's has here
        assert not said(name, num_pictures, library="timm")


@pytest.mark.parametrize("num_pictures", [200, 1999, 3000, 9000])
def test_no_network_is_advised_to_those_who_chose_it(num_pictures: int) -> None:
    for model in ModelName:
        for sentence in said(model, num_pictures):
            (advised,) = re.findall(r"model=([\w, ]+)", sentence)
            assert model not in re.split(r", | or ", advised)


def test_advice_tells_of_a_regime_that_does_not_fit_the_pictures() -> None:
    assert advice(Regime.large, ModelConfig(name="mnv3_small"), 800) == [
        "800 pictures make the regime small; large was asked for and is used"
    ]
