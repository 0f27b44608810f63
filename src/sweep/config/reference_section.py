"""One section of the reference: a part's ready choices, its settings, and what the words mean that they may be."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from sweep.config.choices import Regime
from sweep.config.docstrings import class_doc, field_docs
from sweep.config.fields import Rule, flatten, rules, to_plain
from sweep.config.sheets import Choice, chosen_by_default, group_choices, regime_sheets
from sweep.config.space import NOT_SEARCHABLE, NOT_SEARCHABLE_PARTS, flatten_space
from sweep.config.wording import rule_words, value_words

_ASSIGNMENT = re.compile(r"\b[a-z_]+(?:\.[a-z_]+)*=[\w.-]+")


def part_section(name: str, part: type) -> str:
    """The section of the part that is called `name` in the configuration."""
    choices = _choices_list(name, part) if group_choices(name) else ""
    pieces = [f"## {name}\n", f"{class_doc(part)}\n", choices, settings_table(part, f"{name}.", list(rules(part)))]
    return "\n".join(piece for piece in pieces if piece)


def settings_table(part: type, prefix: str, names: Sequence[str]) -> str:
    """Some fields of `part`, whose dotted paths begin with `prefix`, and below them what their words mean."""
    docs, fields = field_docs(part), {field.name: field for field in dataclasses.fields(part)}
    header = ["setting", "meaning", "default", "allowed", "searched"]
    rows = []
    for name in names:
        path = prefix + name
        default = "[by regime](#regimes)" if _is_by_regime(path) else f"`{_default(fields[name], path)}`"
        rows.append([f"`{path}`", docs[name].replace("|", "\\|"), default, rule_words(rules(part)[name]), _searched(path)])
    if all(row[-1] == "no" for row in rows):
        header, rows = header[:-1], [row[:-1] for row in rows]
    return table(header, rows) + "".join(_words_list(prefix + name, rules(part)[name]) for name in names)


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; cells are taken as they are."""
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, ["---"] * len(header), *rows))


def _choices_list(group: str, part: type) -> str:
    words = [option.value for rule in rules(part).values() for kind in _enums(rule) if _is_group(kind, group) for option in kind]

    def place(choice: Choice) -> tuple[int, list[float]]:
        """As the setting's words are ordered; others from the gentlest to the strongest."""
        numbers = [value for value in choice.values.values() if isinstance(value, float)]
        return words.index(choice.name) if choice.name in words else len(words), numbers

    lines = "".join(_choice_line(choice, part) for choice in sorted(group_choices(group), key=place))
    is_by_regime = all(_is_by_regime(f"{group}.{name}") for name in rules(part))
    without = "the [regime](#regimes) decides" if is_by_regime else f"it is `{group}={chosen_by_default(group)}`"
    return f"{lines}\nWithout a choice {without}.\n"


def _choice_line(choice: Choice, part: type) -> str:
    """Such as: - `augment=light`: A mirror and a nudge. Sets `rotation_deg=5`, `shift=0.05`."""
    defaults = {field.name: to_plain(field.default) for field in dataclasses.fields(part)}
    own = {name: value for name, value in choice.values.items() if value not in (choice.name, "", defaults[name])}
    recommended = flatten(own.pop("recommended", {}))
    text = _ASSIGNMENT.sub(lambda found: f"`{found[0]}`", choice.about)
    text += f" Sets {_assignments(own)}." if own else ""
    text += f" Recommends {_assignments(recommended)}." if recommended else ""
    return f"- `{choice.group}={choice.name}`: {text}\n"


def _assignments(values: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}={value_words(value)}`" for name, value in values.items())


def _words_list(path: str, rule: Rule) -> str:
    """What each word means that a setting may be, unless the choices of its part say so already."""
    text = ""
    for kind in _enums(rule):
        docs = {} if _is_group(kind, path.partition(".")[0]) else field_docs(kind)
        lines = [f"- `{path}={option.value}`: {docs[option.name]}\n" for option in kind if option.name in docs]
        text += "\n" + "".join(lines) if lines else ""
    return text


def _enums(rule: Rule) -> list[type[Enum]]:
    return [kind for kind in rule.kinds if isinstance(kind, type) and issubclass(kind, Enum)]


def _is_group(kind: type[Enum], group: str) -> bool:
    """The words of `kind` are the choices of `group`."""
    return {option.value for option in kind} <= {choice.name for choice in group_choices(group)}


def _default(field: dataclasses.Field[Any], path: str) -> str:
    if field.default is not dataclasses.MISSING:
        return value_words(to_plain(field.default))
    if field.default_factory is not dataclasses.MISSING:
        return value_words(to_plain(field.default_factory()))
    return chosen_by_default(path.partition(".")[0])


def _is_by_regime(path: str) -> bool:
    return path in flatten(regime_sheets()[Regime.small]["recommended"])


def _searched(path: str) -> str:
    if path in NOT_SEARCHABLE or path.startswith(NOT_SEARCHABLE_PARTS):
        return "no"
    return "**by default**" if all(path in flatten_space(sheet["space"]) for sheet in regime_sheets().values()) else "on request"
