"""What is fixed, what is searched and where the search starts, decided once when a study is opened.

A setting's value comes from the first of these that has one: the command line, the data preset's own recommendation, the
regime's recommendation, `conf/`. What the command line names is not searched.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sweep.config import Config, FinetuneStrategy, Regime
from sweep.config.fields import flatten, to_plain, with_values
from sweep.config.space import Choices, Dimension, FloatRange, IntRange, Space, Value, flatten_space, merge_spaces
from sweep.errors import ConfigError
from sweep.search.regimes import RegimeSheet

PRETRAINED_LR_LOW = 1e-4
"""Fine-tuning gains from lower rates than training from scratch; at 5e-4 to 1e-3 it was best on small photograph sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A study with nothing left to decide."""

    config: Config
    space: Space
    baseline: dict[str, Value]
    """The values of trial 0, one for every dimension of the space."""
    regime: Regime
    taken_out: tuple[str, ...]
    """Paths that would be searched had the command line not fixed them."""
    notes: tuple[str, ...]
    """What was adjusted to fit space and baseline together, a sentence each."""


def settle(
    config: Config,
    sheets: Mapping[Regime, RegimeSheet],
    regime: Regime,
    named: Collection[str],
    *,
    pretrained: bool,
    search: bool = True,
) -> Settled:
    """Brings the user's configuration, the regime's sheet and the data's own recommendation together.

    `named` holds the dotted paths that the command line fixes; the name of a group covers everything below it. With
    `search` false nothing is searched: one training with the recommended settings.
    Raises ConfigError for contradictions, and when nothing is left to search.
    """
    sheet = sheets[regime]
    filled = _fill(config, sheet, named)
    if not search:
        _check_budget(filled)
        _check_weights(filled, {}, pretrained)
        return Settled(config=filled, space={}, baseline={}, regime=regime, taken_out=(), notes=())
    asked = {path for path, keys in flatten_space(config.space).items() if keys is not None}
    _refuse_fixed_and_searched(asked, named)
    whole = merge_spaces(_with_pretrained_lr(sheet.space, pretrained), config.space)
    taken_out = tuple(path for path in whole if path not in asked and _covers(named, path))
    space, baseline, notes = _fit({path: whole[path] for path in whole if path not in taken_out}, filled, asked)
    if not space:
        raise ConfigError(
            "nothing is left to search: every setting of the space is fixed",
            "leave one of them free, or use `train`",
        )
    settled = with_values(filled, baseline)
    _check_budget(settled)
    _check_weights(settled, space, pretrained)
    _check_corners(settled, space)
    return Settled(config=settled, space=space, baseline=baseline, regime=regime, taken_out=taken_out, notes=notes)


def _covers(named: Collection[str], path: str) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in named)


def _fill(config: Config, sheet: RegimeSheet, named: Collection[str]) -> Config:
    recommended = flatten({"budget": sheet.budget}) | flatten(sheet.recommended) | flatten(config.data.recommended)
    return with_values(config, {path: value for path, value in recommended.items() if not _covers(named, path)})


def _refuse_fixed_and_searched(asked: Collection[str], named: Collection[str]) -> None:
    for path in sorted(set(named) & set(asked)):
        raise ConfigError(f"{path} is fixed and searched at once", f"drop either {path}=… or space.{path}")


def _with_pretrained_lr(space: Mapping[str, Any], pretrained: bool) -> dict[str, Any]:
    """The sheet's space as dotted paths nested one level, its learning rates reaching down to those of fine-tuning."""
    optimizer = dict(space.get("optimizer", {}))
    lr = optimizer.get("lr", {})
    if pretrained and "low" in lr:
        optimizer["lr"] = {**lr, "low": min(lr["low"], PRETRAINED_LR_LOW)}
    return {**space, "optimizer": optimizer} if optimizer else dict(space)


def _fit(space: Space, config: Config, asked: Collection[str]) -> tuple[Space, dict[str, Value], tuple[str, ...]]:
    """Space and baseline such that the one holds the other.

    A range that the user asked for stands, and the baseline moves to its nearest value; otherwise the range is widened.
    """
    values = flatten(to_plain(config))
    fitted: dict[str, Dimension] = {}
    baseline: dict[str, Value] = {}
    notes: list[str] = []
    for path, dimension in space.items():
        value = values[path]
        if value in dimension:
            fitted[path], baseline[path] = dimension, value
        elif path in asked:
            fitted[path], baseline[path] = dimension, _nearest(dimension, value)
            notes.append(f"the baseline starts at {path}={baseline[path]}: {value} lies outside the range asked for")
        else:
            fitted[path], baseline[path] = _widened(path, dimension, value), value
            notes.append(f"the range of {path} is widened to hold {value}, the recommended value")
    return fitted, baseline, tuple(notes)


def _nearest(dimension: Dimension, value: Value) -> Value:
    if isinstance(dimension, Choices):
        numbers = [option for option in dimension.options if isinstance(option, (int, float))]
        is_numeric = isinstance(value, (int, float)) and len(numbers) == len(dimension.options)
        return min(numbers, key=lambda option: abs(option - value)) if is_numeric else dimension.options[0]  # type: ignore[operator]
    if not isinstance(value, (int, float)):  # null: the setting is off, and a range has no place for that
        value = math.sqrt(dimension.low * dimension.high) if dimension.log else (dimension.low + dimension.high) / 2
    inside = min(max(value, dimension.low), dimension.high)
    if isinstance(dimension, IntRange):
        return dimension.low + round((inside - dimension.low) / dimension.step) * dimension.step
    return float(inside)


def _widened(path: str, dimension: Dimension, value: Value) -> Dimension:
    if isinstance(dimension, (FloatRange, IntRange)) and dimension.log and isinstance(value, (int, float)) and value <= 0:
        raise ConfigError(
            f"{path}={value:g} is recommended, but the range of {path} is logarithmic",
            f"fix it with {path}={value:g}, or give space.{path} a range of your own",
        )
    return dimension.widened(value)


def _check_budget(config: Config) -> None:
    if config.budget.epochs is not None and config.budget.epochs < config.train.epochs:
        raise ConfigError(
            f"budget.epochs={config.budget.epochs} does not reach for the baseline, which takes {config.train.epochs} epochs",
            "raise budget.epochs, or shorten the trials with train.epochs",
        )


def _check_weights(config: Config, space: Space, pretrained: bool) -> None:
    """Refuses what only some of the trials could start from the study's weights with."""
    searched = space.get("finetune.strategy")
    strategies = searched.options if isinstance(searched, Choices) else (config.finetune.strategy,)
    keeping = [strategy for strategy in strategies if strategy != FinetuneStrategy.full]
    if keeping and not pretrained:
        raise ConfigError(
            f"finetune.strategy={keeping[0]} keeps a pretrained backbone, and there are no pretrained weights",
            "give them: model.weights=FILE, or leave it at finetune=full",
        )
    if pretrained and "model.width_mult" in space:
        raise ConfigError(
            "model.width_mult is searched, and pretrained weights exist for one width only",
            "compare widths from scratch: model.weights=none, or fix the width",
        )


def _check_corners(config: Config, space: Space) -> None:
    """Refuses a space in which a later trial would be refused: each dimension's ends alone, and all upper ends together."""
    ends = {path: _ends(dimension) for path, dimension in space.items()}
    corners: list[dict[str, Value]] = [{path: value} for path, values in ends.items() for value in values]
    corners.append({path: values[-1] for path, values in ends.items() if not isinstance(space[path], Choices)})
    for corner in corners:
        try:
            with_values(config, corner)
        except ConfigError as error:
            raise ConfigError(f"the space holds what no trial may have: {error.problem}", error.remedy) from error


def _ends(dimension: Dimension) -> tuple[Value, ...]:
    return dimension.options if isinstance(dimension, Choices) else (dimension.low, dimension.high)
