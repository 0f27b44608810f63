"""Values and rules in words, as the reference of all settings shows them."""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, get_origin

from sweep.config.fields import Bounds, Rule
from sweep.config.space import Choices, Dimension

_SMALL, _LARGE = 0.01, 1e12


def value_words(value: Any) -> str:
    """A plain value as it is typed: 0.2, 1e-4, null, [], adamw."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(value_words, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {value_words(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, float) and 0 < abs(value) <= _SMALL:
        mantissa, exponent = f"{value:.6e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def rule_words(rule: Rule) -> str:
    """What a rule allows: whole, 1 to 1,000; or `null`."""
    return "; or ".join(_kind_words(kind, rule.bounds or Bounds()) for kind in rule.kinds)


def dimension_words(dimension: Dimension) -> str:
    """A range of the space, or its choices."""
    if isinstance(dimension, Choices):
        return ", ".join(map(value_words, dimension.options))
    return f"{value_words(dimension.low)} to {value_words(dimension.high)}" + (", logarithmic" if dimension.log else "")


def _bounds_words(bounds: Bounds) -> str:
    low = ("above " if bounds.low_open else "") + _number(bounds.low)
    if bounds.high > _LARGE:
        return f"{low} or more"
    between = {(True, True): ", below ", (True, False): ", up to ", (False, True): " to below ", (False, False): " to "}
    return low + between[bounds.low_open, bounds.high_open] + _number(bounds.high)


def _number(number: float) -> str:
    return f"{number:,.10g}"


def _kind_words(kind: Any, bounds: Bounds) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        *most, last = (f"`{option.value}`" for option in kind)
        return f"{', '.join(most)} or {last}" if most else last
    if kind in (int, float):
        return ("whole, " if kind is int else "") + _bounds_words(bounds)
    if kind is types.NoneType:
        return "`null`"
    if get_origin(kind) is tuple:
        return "a list: `[a, b]`"
    return {bool: "`true` or `false`", str: "text"}.get(kind, "settings")
