"""What stands in `conf/` and `sweeps/`, file by file and as plain values: for those who describe it, not for running."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from sweep.config.choices import Regime
from sweep.config.places import settings_root


@dataclass(frozen=True, slots=True)
class Choice:
    """One file of a group, such as `conf/augment/heavy.yaml`."""

    group: str
    name: str
    about: str
    """The comment that heads the file."""
    values: dict[str, Any]
    """What the file says itself, without what it takes over from others."""


@cache
def group_choices(group: str) -> tuple[Choice, ...]:
    """The ready choices of a group by name; none where `group` is no group."""
    return tuple(
        _choice(group, path.stem, path.read_text()) for path in sorted((settings_root() / "conf").glob(f"{group}/*.yaml"))
    )


def chosen_by_default(group: str) -> str:
    """The choice of `group` that a command takes which names none."""
    defaults = yaml.safe_load((settings_root() / "conf" / "sweep.yaml").read_text())["defaults"]
    return next(str(entry[group]) for entry in defaults if isinstance(entry, dict) and group in entry)


@cache
def regime_sheets() -> dict[Regime, dict[str, Any]]:
    """`sweeps/<regime>.yaml`, smallest regime first."""
    return {regime: yaml.safe_load((settings_root() / "sweeps" / f"{regime}.yaml").read_text()) for regime in Regime}


def _choice(group: str, name: str, text: str) -> Choice:
    head = text.partition("\n")[0]
    values = yaml.safe_load(text)
    values.pop("defaults", None)
    return Choice(group, name, head.removeprefix("# ") if head.startswith("# ") else "", values)
