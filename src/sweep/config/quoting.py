"""Hydra's grammar for values does not know `~/pics` or `café (1)`: what is a user's own name is quoted before it gets there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

TEXT_KEYS = ("data.root", "data.name", "data.labels", "model.weights", "output_dir", "cache_dir")
"""Settings whose values are a user's own names."""

LIST_KEYS = ("data.extra_roots",)
"""Settings that hold several such names: [one, another]."""


def quote_text(argument: str, is_multirun: bool) -> str:
    """`data.root=a=b,c` with its value quoted, so that Hydra takes it as it stands; anything else unchanged."""
    key, equals, value = argument.partition("=")
    is_one_list = value[:1] == "[" and value[-1:] == "]" and not (is_multirun and "],[" in value)
    if key.lstrip("+") in LIST_KEYS and is_one_list and "${" not in value:
        return f"{key}=[{', '.join(map(quoted, _items(value)))}]"
    if not equals or key.lstrip("+") not in TEXT_KEYS or "${" in value or value[:1] in ("'", '"') or value in ("", "null"):
        return argument
    if is_multirun and "," in value and not _exists(value):
        return argument  # a list of values to run one after the other
    return f"{key}={quoted(value)}"


def quoted(value: str) -> str:
    """`value` between quotes, as Hydra reads them."""
    # Inside Hydra's quotes a backslash counts only in front of a quote, the closing one included.
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), value)
    return f"'{escaped}'"


def as_typed(override: str, key: str, values: Mapping[str, Any]) -> str:
    """The override without the quotes that `quote_text` put around its value."""
    value: Any = values
    for part in key.split(".") if key in TEXT_KEYS else ():
        value = value[part]
    return f"{key}={value}" if isinstance(value, str) else override


def _items(listed: str) -> list[str]:
    """What stands between the commas of `[one, 'an,other']`, without quotes."""
    found = re.findall(r"""\s*(?:'([^']*)'|"([^"]*)"|([^,]+?))\s*(?:,|$)""", listed[1:-1])
    return [next(filter(None, groups), "") for groups in found]


def _exists(value: str) -> bool:
    try:
        return os.path.exists(os.path.expanduser(value))
    except ValueError:  # a zero byte
        return False
