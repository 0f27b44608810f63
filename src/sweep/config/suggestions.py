"""What a name that does not exist was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from sweep.errors import ConfigError


def unknown_setting(path: str, paths: Iterable[str]) -> ConfigError:
    """The error for a dotted path that is none of `paths`: names the nearest, and every name that could stand in its place."""
    valid = list(paths)
    beside = _beside(path, valid)
    close = difflib.get_close_matches(path, [*beside, *valid], n=1, cutoff=0.6)
    same_end = [one for one in valid if one.rpartition(".")[2] == path] if "." not in path else []
    found = same_end[:1] or close
    meant = f"did you mean {found[0]!r}? " if found else ""
    return ConfigError(f"there is no setting {path!r}", f"{meant}allowed: {', '.join(beside)}")


def _beside(path: str, valid: list[str]) -> list[str]:
    """What may stand where `path` leaves the valid ones."""
    level = ""
    for part in path.split("."):
        if not any(one.startswith(f"{level}{part}.") for one in valid):
            break
        level += f"{part}."
    return sorted({level + one.removeprefix(level).partition(".")[0] for one in valid if one.startswith(level)})
