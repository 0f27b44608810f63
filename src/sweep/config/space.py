"""The search space: one dimension per dotted path of the configuration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweep.config.fields import Rule, convert, find_rule, leaf_paths, to_plain
from sweep.config.study import Config
from sweep.errors import ConfigError, nearest

Value = float | int | str | bool | None
"""What a dimension can hold: plain, so that it can be written to the journal."""


@dataclass(frozen=True, slots=True)
class FloatRange:
    low: float
    high: float
    log: bool = False

    def __contains__(self, value: object) -> bool:
        return isinstance(value, (int, float)) and self.low <= value <= self.high

    def widened(self, value: Any) -> FloatRange:
        return FloatRange(min(self.low, value), max(self.high, value), self.log)


@dataclass(frozen=True, slots=True)
class IntRange:
    low: int
    high: int
    log: bool = False
    step: int = 1

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and self.low <= value <= self.high and (value - self.low) % self.step == 0

    def widened(self, value: Any) -> IntRange:
        """The smallest range that holds `value` too; every whole number where the step would miss it."""
        step = self.step if (value - self.low) % self.step == 0 else 1
        return IntRange(min(self.low, value), max(self.high, value), self.log, step)


@dataclass(frozen=True, slots=True)
class Choices:
    options: tuple[Value, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.options

    def widened(self, value: Any) -> Choices:
        numeric = all(isinstance(option, (int, float)) for option in (*self.options, value))
        options = (*self.options, value)
        return Choices(tuple(sorted(options)) if numeric else options)


Dimension = FloatRange | IntRange | Choices
Space = Mapping[str, Dimension]

_RANGE_KEYS = frozenset({"low", "high", "log", "step"})
_KEYS = _RANGE_KEYS | {"choices"}

_OF_THE_STUDY = ("seed", "device", "regime", "objective", "output_dir", "cache_dir", "space")
NOT_SEARCHABLE = (*_OF_THE_STUDY, "model.library", "model.name", "model.weights", "train.micro_batch", "train.precision")
NOT_SEARCHABLE_PARTS = ("study.", "data.", "search.", "execution.", "tracking.", "budget.")


def flatten_space(nested: Mapping[str, Any], prefix: str = "") -> dict[str, dict[str, Any] | None]:
    """A nested space as one of dotted paths, each with its keys (`low`, `high`, `choices`, …) or None (take it out)."""
    flat: dict[str, dict[str, Any] | None] = {}
    for key, value in nested.items():
        path = f"{prefix}{key}"
        is_dimension = isinstance(value, Mapping) and value and (path in leaf_paths(Config) or set(value) & _KEYS)
        if value is None or is_dimension:
            flat[path] = None if value is None else dict(value)
        elif isinstance(value, Mapping) and value:
            flat |= flatten_space(value, f"{path}.")
        else:
            raise ConfigError(f"space.{path}={value!r} is not a range", "give low and high (and log, step), or choices, or null")
    return flat


def merge_spaces(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> Space:
    """The regime's space with the user's changes.

    A path of `overlay` replaces the whole entry when it changes its kind (choices for a range), changes the given keys of
    a range otherwise, and takes the path out when it is null. Raises ConfigError for anything the configuration does not allow.
    """
    merged: dict[str, dict[str, Any]] = {path: keys for path, keys in flatten_space(base).items() if keys is not None}
    for path, keys in flatten_space(overlay).items():
        _check_path(path)
        if keys is None:
            if path not in merged:
                raise ConfigError(f"space.{path}=null takes out what is not there", nearest(path, merged))
            del merged[path]
        else:
            old = merged.get(path, {})
            merged[path] = keys if ("choices" in keys) != ("choices" in old) else old | keys
    return {path: parse_dimension(path, keys) for path, keys in merged.items()}


def parse_dimension(path: str, keys: Mapping[str, Any]) -> Dimension:
    """The dimension that `keys` describe for the field at `path`.

    Raises ConfigError for an unknown path or key, a mixture of choices and range, an empty range, or a value that the
    field does not allow.
    """
    _check_path(path)
    rule = find_rule(Config, path)
    unknown = sorted(set(keys) - _KEYS)
    if unknown:
        raise ConfigError(f"there is no setting 'space.{path}.{unknown[0]}'", nearest(unknown[0], _KEYS))
    if "choices" in keys:
        return _choices(path, rule, keys)
    return _range(path, rule, keys)


def space_to_plain(space: Space) -> dict[str, dict[str, Any]]:
    """The space as plain values that `space_from_plain` reads back."""
    return {
        path: {"choices": list(dimension.options)} if isinstance(dimension, Choices) else to_plain(dimension)
        for path, dimension in space.items()
    }


def space_from_plain(plain: Mapping[str, Mapping[str, Any]]) -> Space:
    return {path: parse_dimension(path, keys) for path, keys in plain.items()}


def _check_path(path: str) -> None:
    if dataclasses.is_dataclass(find_rule(Config, path).kind):
        raise ConfigError(f"space.{path} is a group of settings", "name one of them: " + ", ".join(_below(path)))
    if path in NOT_SEARCHABLE or path.startswith(NOT_SEARCHABLE_PARTS):
        raise ConfigError(f"space.{path} cannot be searched", "it belongs to the study as a whole, not to a trial")


def _below(path: str) -> list[str]:
    return [leaf for leaf in leaf_paths(Config) if leaf.startswith(f"{path}.")]


def _choices(path: str, rule: Rule, keys: Mapping[str, Any]) -> Choices:
    mixed = sorted(set(keys) & _RANGE_KEYS)
    if mixed:
        raise ConfigError(f"space.{path} has both choices and {mixed[0]}", "give either choices or low and high")
    options = keys["choices"]
    if not isinstance(options, (list, tuple)) or not options:
        raise ConfigError(f"space.{path}.choices={options!r} is not a list of values", "allowed: one value or more, as [a, b]")
    values = tuple(to_plain(convert(rule, option, f"space.{path}.choices")) for option in options)
    if len(set(values)) < len(values):
        raise ConfigError(f"space.{path}.choices={list(values)} names a value twice", "name each once")
    return Choices(values)


def _range(path: str, rule: Rule, keys: Mapping[str, Any]) -> FloatRange | IntRange:
    numeric = [kind for kind in rule.kinds if kind in (int, float)]
    if not numeric:
        raise ConfigError(f"space.{path} is not a number, so it has no range", f"give choices; allowed: {rule.describe()}")
    for end in ("low", "high"):
        if end not in keys:
            raise ConfigError(f"space.{path} has no {end}", f"give space.{path}.{end}")
    low, high = (convert(rule, keys[end], f"space.{path}.{end}") for end in ("low", "high"))
    log, step = keys.get("log", False), keys.get("step", 1)
    if not isinstance(log, bool):
        raise ConfigError(f"space.{path}.log={log!r} is not allowed", "allowed: true or false")
    if low >= high:
        raise ConfigError(f"space.{path} is empty: low={low:g} is not below high={high:g}", "give low < high, or fix the value")
    if log and low <= 0:
        raise ConfigError(f"space.{path}.low={low:g} has no logarithm", "give a positive low, or log=false")
    if numeric[0] is float:
        if "step" in keys:
            raise ConfigError(f"space.{path}.step is for whole numbers", "leave it out, or give choices")
        return FloatRange(low, high, log)
    if isinstance(step, bool) or not isinstance(step, int) or not 1 <= step <= high - low or (log and step != 1):
        raise ConfigError(
            f"space.{path}.step={step!r} is not allowed", "allowed: a whole number from 1 to high - low; 1 where log=true"
        )
    return IntRange(low, high - (high - low) % step, log, step)
