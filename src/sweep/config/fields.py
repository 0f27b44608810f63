"""Dataclasses checked against their own annotations, and their way from and to plain dictionaries.

A field's annotation is its rule: `lr: Annotated[float, Bounds(0, 10, low_open=True)]`. The same rule serves the check of
a value, the check of a search range over that field and the documentation.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from sweep.config.suggestions import unknown_setting
from sweep.errors import ConfigError, nearest

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The numbers a field allows, ends included unless said otherwise."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, number: float) -> bool:
        above = number > self.low if self.low_open else number >= self.low
        below = number < self.high if self.high_open else number <= self.high
        return above and below

    def __str__(self) -> str:
        low, high = (f"{end:.0f}" if abs(end) < 1e9 and end == int(end) else f"{end:g}" for end in (self.low, self.high))
        return f"{'(' if self.low_open else '['}{low}, {high}{')' if self.high_open else ']'}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field accepts: its type without `Annotated`, and the bounds of its numbers."""

    kind: Any
    bounds: Bounds | None

    @property
    def kinds(self) -> tuple[Any, ...]:
        """The alternatives of a union, or the one type itself."""
        return get_args(self.kind) if get_origin(self.kind) in (Union, types.UnionType) else (self.kind,)

    def describe(self) -> str:
        """The rule in words, for an error message."""
        words = [_describe_kind(kind) for kind in self.kinds]
        return " or ".join(words) + (f" in {self.bounds}" if self.bounds else "")


def rules(part: type) -> dict[str, Rule]:
    """The rule of every field of a dataclass, by the field's name."""
    return _rules(cast(Hashable, part))


def find_rule(part: type, path: str) -> Rule:
    """The rule of the field at a dotted `path` below `part`.

    Raises ConfigError naming the nearest path when there is none.
    """
    found, rest = part, path
    while True:
        head, _, rest = rest.partition(".")
        rule = rules(found).get(head)
        if rule is None or (rest and not dataclasses.is_dataclass(rule.kind)):
            raise unknown_setting(path, leaf_paths(part))
        if not rest:
            return rule
        found = rule.kind


def leaf_paths(part: type, prefix: str = "") -> tuple[str, ...]:
    """The dotted path of every field below `part` that is not itself a part."""
    paths: list[str] = []
    for name, rule in rules(part).items():
        deeper = dataclasses.is_dataclass(rule.kind)
        paths += leaf_paths(rule.kind, f"{prefix}{name}.") if deeper else [prefix + name]
    return tuple(paths)


def build(part: type[P], values: Mapping[str, Any], path: str = "") -> P:
    """Makes `part` from a plain mapping.

    Raises ConfigError naming the key, the value, what is allowed and the nearest valid name.
    """
    known = rules(part)
    arguments: dict[str, Any] = {}
    for key, value in values.items():
        where = f"{path}{key}"
        if key not in known:
            raise unknown_setting(where, [path + name for name in known])
        arguments[key] = convert(known[key], value, where)
    missing = [
        field.name
        for field in dataclasses.fields(part)  # type: ignore[arg-type]
        if field.name not in arguments and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"the setting {path + missing[0]!r} has no value", f"give one: {known[missing[0]].describe()}")
    return part(**arguments)


def convert(rule: Rule, value: Any, where: str) -> Any:
    """`value` as the type and within the bounds that `rule` asks for; ConfigError naming `where` otherwise."""
    for kind in rule.kinds:
        found = _as_kind(kind, value, where)
        if found is not _NO:
            if rule.bounds and _is_number(found) and found not in rule.bounds:
                raise ConfigError(f"{where}={value} is out of range", f"allowed: {rule.describe()}")
            return found
    raise ConfigError(f"{where}={_as_typed(value)} is not allowed", _remedy(rule, value, where))


def check(part: object) -> None:
    """Checks every field of a dataclass instance against its rule; called from `__post_init__`."""
    for name, rule in rules(type(part)).items():
        value = getattr(part, name)
        if not dataclasses.is_dataclass(rule.kind):
            convert(rule, value, f"{type(part).__name__.removesuffix('Config').lower()}.{name}".lstrip("."))


def to_plain(value: Any) -> Any:
    """A dataclass as dictionaries, lists, strings, numbers and None, ready for JSON or YAML."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(inner) for inner in value]
    return value


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested mapping as one of dotted paths; an empty mapping vanishes."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def with_values(part: P, values: Mapping[str, Any], path: str = "") -> P:
    """A copy of `part` with the values at the given dotted paths replaced and everything checked again."""
    known = rules(type(part))
    changes: dict[str, Any] = {}
    deeper: dict[str, dict[str, Any]] = {}
    for dotted, value in values.items():
        head, _, rest = dotted.partition(".")
        if head not in known or (rest and not dataclasses.is_dataclass(known[head].kind)):
            raise unknown_setting(path + dotted, [path + leaf for leaf in leaf_paths(type(part))])
        if rest:
            deeper.setdefault(head, {})[rest] = value
        else:
            changes[head] = convert(known[head], value, path + dotted)
    for head, inner in deeper.items():
        changes[head] = with_values(getattr(part, head), inner, f"{path}{head}.")
    return dataclasses.replace(part, **changes)  # type: ignore[type-var]


_NO = object()


def _as_typed(value: Any) -> str:
    """A refused value as the user wrote it."""
    return {"None": "null", "True": "true", "False": "false"}.get(repr(value), repr(value))


def _remedy(rule: Rule, value: Any, where: str) -> str:
    """What is allowed instead of `value`, and which of its words was probably meant."""
    if dataclasses.is_dataclass(rule.kind):
        return "it is a group of settings: " + ", ".join(leaf_paths(cast(type, rule.kind), f"{where}."))
    words = [word for kind in rule.kinds for word in _words(kind)]
    meant = nearest(value, words).partition("allowed:")[0] if isinstance(value, str) and words else ""
    return f"{meant}allowed: {rule.describe()}"


def _words(kind: Any) -> list[str]:
    """The words that a value of `kind` is chosen from, if any."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [option.value for option in kind]
    return ["true", "false"] if kind is bool else []


@cache
def _rules(part: Any) -> dict[str, Rule]:
    hints = get_type_hints(part, include_extras=True)
    return {field.name: _rule(hints[field.name]) for field in dataclasses.fields(part)}


def _rule(hint: Any) -> Rule:
    if get_origin(hint) is Annotated:
        kind, *extras = get_args(hint)
        return Rule(kind, next((extra for extra in extras if isinstance(extra, Bounds)), None))
    return Rule(hint, None)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _as_kind(kind: Any, value: Any, where: str) -> Any:
    """`value` as `kind`, or `_NO` where it is not one."""
    if kind is types.NoneType or kind is None:
        return None if value is None else _NO
    if get_origin(kind) in (dict, Mapping):
        return dict(value) if isinstance(value, Mapping) else _NO
    if get_origin(kind) is tuple:  # of any length, of one kind
        items = [_as_kind(get_args(kind)[0], item, where) for item in value] if isinstance(value, (list, tuple)) else [_NO]
        return _NO if _NO in items else tuple(items)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if isinstance(value, kind):
            return value
        return build(kind, value, f"{where}.") if isinstance(value, Mapping) else _NO
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next((option for option in kind if value in (option, option.value)), _NO)
    return _as_scalar(kind, value)


def _as_scalar(kind: Any, value: Any) -> Any:
    if kind is float:
        return float(value) if _is_number(value) and not math.isnan(value) else _NO
    if kind is int:
        return value if _is_number(value) and isinstance(value, int) else _NO
    return value if type(value) is kind else _NO


def _describe_kind(kind: Any) -> str:
    if kind is types.NoneType:
        return "null"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " | ".join(option.value for option in kind)
    if get_origin(kind) is tuple:
        return f"a list, [a, b], each {_describe_kind(get_args(kind)[0])}"
    words = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}
    return words.get(kind, "settings below it")
