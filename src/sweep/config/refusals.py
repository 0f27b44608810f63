"""What no command line and no settings file may hold, whoever wrote it: things to run, and passwords."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sweep.config.fields import flatten
from sweep.errors import ConfigError

_PASSWORD = re.compile(r"://[^/\s]*:[^/\s]*@|[?&;](?:password|passwd|pwd|token|secret|\w*key)=[^&\s]", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{\.*\w[\w.]*\}")
"""`${data.root}`: another setting. Anything else that OmegaConf resolves would bring something in from outside."""

_HYDRAS_OWN_TARGETS = frozenset(("hydra.launcher._target_", "hydra.sweeper._target_"))
_RUNNABLE = frozenset(("_target_", "()", "class"))
"""Keys of Hydra's and of logging's settings whose values are called."""


def refuse_passwords(arguments: Iterable[str]) -> None:
    """Refuses an address with a password in it, without repeating it: settings are written into every record."""
    for argument in arguments:
        if _PASSWORD.search(argument):
            where = argument.partition("=")[0] if "=" in argument.partition("://")[0] else "the command line"
            raise ConfigError(
                f"{where} holds an address with a password, and settings are written into every record",
                "give it in the environment, as MLFLOW_TRACKING_URI for one",
            )


def refuse_hydras_settings(overrides: Iterable[str]) -> None:
    """Refuses settings of Hydra's own: they name things to be started and folders to be written."""
    for override in overrides:
        key = override.strip().lstrip("+~").partition("=")[0].strip()
        package = key.partition("@")[2].rpartition(":")[2]
        if "hydra" in (re.split(r"[./@]", key)[0], re.split(r"[./]", package)[0]):
            raise ConfigError(f"{key} is a setting of Hydra's own, which are not used here", "see python -m sweep --help")


def refuse_bundles(keyed_overrides: Iterable[tuple[str, str]], parts: Collection[str]) -> None:
    """Refuses `optimizer={lr: 1e-3}`, of which nobody could say which settings it fixes, and changes to `sweeps/`."""
    for key, override in keyed_overrides:
        value = override.partition("=")[2].strip()
        if key in parts and value.startswith("{"):
            raise ConfigError(f"{key}={value} gives several settings at once", f"give them one by one, as in {key}.NAME=VALUE")
        if key.partition(".")[0] == "regimes":
            raise ConfigError(f"{key} is not set from here", "change the space with +space.…, anything else by its own name")


def refuse_runnable(hydra: Mapping[str, Any]) -> None:
    """Refuses settings of Hydra's own that came with a settings file and would start something."""
    for path in flatten({"hydra": hydra}):
        if path.rpartition(".")[2] in _RUNNABLE and path not in _HYDRAS_OWN_TARGETS:
            raise ConfigError(f"a settings file has {path}: nothing is started from a setting", "take it out of the file")


def refuse_strange_values(values: Mapping[str, Any]) -> None:
    """Refuses text that would fetch something from outside (a resolver), holds a password or a zero byte."""
    for path, value in flatten(values).items():
        for text in filter(lambda item: isinstance(item, str), value if isinstance(value, list) else [value]):
            refuse_passwords([f"{path}={text}"])
            if "${" in _REFERENCE.sub("", text):
                raise ConfigError(
                    f"{path}={text}: a setting can refer to another setting only",
                    "allowed: ${optimizer.lr}, say; what the environment holds is put in by the shell: data.root=$DATA",
                )
            if "\0" in text:
                raise ConfigError(f"{path}={text!r} holds a zero byte", "no name can hold one: take it out")
