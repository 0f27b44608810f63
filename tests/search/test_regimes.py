from __future__ import annotations

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


def test_advice_names_the_minimum_and_the_alternative() -> None:
    def said(num_pictures: int) -> str:
        return "\n".join(advice(choose_regime(num_pictures), ModelConfig(name="mnv3_small"), num_pictures))

    assert "199 pictures are fewer than the documented minimum, 200" in said(199)
    assert said(200) == said(1999) == ""
    assert "EfficientNet-B0" in said(2000) and "not optimal" not in said(5000)
    assert "mnv3_small is not optimal above 5,000 pictures" in said(5001) and "EfficientNet-B0" in said(5001)


def test_advice_tells_of_a_regime_that_does_not_fit_the_pictures() -> None:
    assert advice(Regime.large, ModelConfig(name="mnv3_small"), 800) == [
        "800 pictures make the regime small; large was asked for and is used"
    ]


def test_every_model_has_an_alternative_to_name() -> None:
    for model in ModelName:
        assert advice(Regime.medium, ModelConfig(name=model), 3000) and advice(Regime.large, ModelConfig(name=model), 9000)
