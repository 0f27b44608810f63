"""Regimes: the number of labelled pictures decides where to search and what is recommended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sweep.config import BudgetConfig, Config, ModelConfig, ModelLibrary, ModelName, Regime
from sweep.config.fields import build, check, convert, find_rule, flatten
from sweep.config.space import merge_spaces

DOCUMENTED_MINIMUM = 200
SMALL_FROM, MEDIUM_FROM, LARGE_ABOVE = 500, 2000, 5000
"""Pictures; 500 is small, 2,000 and 5,000 are medium, 5,001 is large."""


@dataclass(kw_only=True, slots=True, frozen=True)
class RegimeSheet:
    """One file of `sweeps/`: what a regime recommends, searches and spends."""

    pictures: str
    """How many pictures make this regime, in words."""
    note: str
    recommended: Mapping[str, Any] = field(default_factory=dict)
    """Nested settings."""
    space: Mapping[str, Any] = field(default_factory=dict)
    """Nested dimensions."""
    budget: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check(self)
        for path, value in flatten(self.recommended).items():
            convert(find_rule(Config, path), value, path)
        merge_spaces(self.space, {})
        build(BudgetConfig, self.budget, "budget.")

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> RegimeSheet:
        """The sheet of a plain mapping; ConfigError names a key, value or range that the configuration does not allow."""
        return build(cls, plain)


def choose_regime(num_pictures: int) -> Regime:
    """The regime of that many labelled pictures, counted before any split."""
    if num_pictures < SMALL_FROM:
        return Regime.tiny
    if num_pictures < MEDIUM_FROM:
        return Regime.small
    return Regime.medium if num_pictures <= LARGE_ABOVE else Regime.large


def advice(regime: Regime, model: ModelConfig, num_pictures: int) -> list[str]:
    """What somebody with that many pictures should know about the regime and the model, a sentence each."""
    sentences = []
    fitting = choose_regime(num_pictures)
    if fitting is not regime:
        sentences.append(f"{num_pictures:,} pictures make the regime {fitting}; {regime} was asked for and is used")
    if num_pictures < DOCUMENTED_MINIMUM:
        sentences.append(
            f"{num_pictures:,} pictures are fewer than the documented minimum, {DOCUMENTED_MINIMUM}:"
            " classical methods may serve better"
        )
    return sentences + _on_the_network(model, num_pictures)


def _on_the_network(model: ModelConfig, num_pictures: int) -> list[str]:
    """A sentence where that many pictures ask for another network; of the ResNets and timm's nothing is known to say."""
    if model.library is not ModelLibrary.torchvision:
        return []
    name = ModelName(model.name)
    if name.has_width and num_pictures > LARGE_ABOVE:
        return [
            f"{name} is not optimal above {LARGE_ABOVE:,} pictures: unless deployment forbids it, a larger network will be"
            " more accurate (model=efficientnet_b0, resnet50 or vit_b16)"
        ]
    if name.has_width and num_pictures >= MEDIUM_FROM:
        return [f"from {MEDIUM_FROM:,} pictures on, a larger network may beat {name} (model=efficientnet_b0)"]
    if name is ModelName.efficientnet_b0 and num_pictures < MEDIUM_FROM:
        return [
            f"{name} is for {MEDIUM_FROM:,} pictures and more: with fewer, a MobileNet may serve as well at a fraction of the"
            " size (model=mnv3_small)"
        ]
    if name is ModelName.vit_b16 and num_pictures <= LARGE_ABOVE:
        instead = ModelName.mnv3_small if num_pictures < MEDIUM_FROM else ModelName.efficientnet_b0
        return [f"{name} is for more than {LARGE_ABOVE:,} pictures: with fewer, take model={instead}"]
    return []
