"""The one door from Hydra: command line and YAML in, typed and validated parts out. No DictConfig passes it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import hydra
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sweep.config.choices import Regime, RegimeChoice
from sweep.config.fields import build, leaf_paths
from sweep.config.places import settings_root
from sweep.config.space import merge_spaces
from sweep.config.study import Config
from sweep.errors import ConfigError, nearest

TEXT_KEYS = ("data.root", "data.name", "data.labels", "model.weights", "output_dir", "cache_dir")
"""Settings whose values are a user's own names, which Hydra's grammar may not know how to read."""

MULTIRUN = frozenset(("-m", "--multirun"))

LIST_KEYS = ("data.extra_roots",)
"""Settings that hold several such names: [one, another]."""

GROUPS_THAT_FIX = ("augment",)
"""Choosing an option of these groups says everything below it, so that the regime no longer does."""


@dataclass(frozen=True, slots=True)
class Composed:
    """One study as the user asked for it."""

    config: Config
    sheets: Mapping[Regime, Mapping[str, Any]]
    """`sweeps/<regime>.yaml`, for every regime: which one counts is known when the pictures are."""
    named: frozenset[str]
    """Dotted paths that the command line fixes."""
    overrides: tuple[str, ...]
    """As given on the command line."""


class _SweepsOnSearchPath(SearchPathPlugin):
    """Lets `conf/sweep.yaml` compose `sweeps/tiny.yaml` and its sisters."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append(provider="sweep", path=f"file://{settings_root() / 'sweeps'}")


def compose(arguments: Sequence[str]) -> list[Composed]:
    """What `arguments` (Hydra's flags and overrides) ask for: one study, several with --multirun, none with --help or --cfg.

    Raises ConfigError in one line for whatever Hydra or the types refuse.
    """
    found: list[tuple[Any, list[str]]] = []

    def collect(composed: DictConfig) -> None:
        found.append((OmegaConf.to_container(composed, resolve=True), list(HydraConfig.get().overrides.task)))

    Plugins.instance().register(_SweepsOnSearchPath)
    run_hydra = hydra.main(config_path=str(settings_root() / "conf"), config_name="sweep", version_base="1.3")(collect)
    is_multirun = not MULTIRUN.isdisjoint(arguments)
    # A flag between two overrides, anywhere but in front or behind, is more than Hydra's parser can take.
    ordered = sorted(arguments, key=MULTIRUN.__contains__)
    with _hydra_arguments([quote_text(argument, is_multirun) for argument in ordered]):
        try:
            run_hydra()
        except SystemExit as end:  # how Hydra leaves after --help
            if end.code:
                raise
        except (HydraException, OmegaConfBaseException) as error:
            raise _explain(error) from error
    return [_check(values, overrides) for values, overrides in found]


def quote_text(argument: str, is_multirun: bool) -> str:
    """`data.root=a=b,c` with its value quoted, so that Hydra takes it as it stands; anything else unchanged."""
    key, equals, value = argument.partition("=")
    is_one_list = value[:1] == "[" and value[-1:] == "]" and not (is_multirun and "],[" in value)
    if key.lstrip("+") in LIST_KEYS and is_one_list and "${" not in value:
        return f"{key}=[{', '.join(map(_quoted, _items(value)))}]"
    if not equals or key.lstrip("+") not in TEXT_KEYS or "${" in value or value[:1] in ("'", '"') or value in ("", "null"):
        return argument
    if is_multirun and "," in value and not os.path.exists(os.path.expanduser(value)):
        return argument  # a list of values to run one after the other
    return f"{key}={_quoted(value)}"


def _items(listed: str) -> list[str]:
    """What stands between the commas of `[one, 'an,other']`, without quotes."""
    found = re.findall(r"""\s*(?:'([^']*)'|"([^"]*)"|([^,]+?))\s*(?:,|$)""", listed[1:-1])
    return [next(filter(None, groups), "") for groups in found]


def _quoted(value: str) -> str:
    # Inside Hydra's quotes a backslash counts only in front of a quote, the closing one included.
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), value)
    return f"'{escaped}'"


@contextmanager
def _hydra_arguments(arguments: list[str]) -> Iterator[None]:
    """Hydra reads sys.argv, and prints its own errors and exits unless told to raise them."""
    before, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    if "COMP_LINE" in os.environ:  # a shell asks for completions: Hydra does not know that a command may come first
        os.environ["COMP_LINE"] = re.sub(r"^(\S+\s+)(?:run|train)\s+", r"\1", os.environ["COMP_LINE"])
    sys.argv = [before[0], *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = before
        if full_error is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full_error


def _check(values: dict[str, Any], overrides: list[str]) -> Composed:
    sheets = {Regime(name): sheet for name, sheet in values.pop("regimes").items()}
    keys = [override.lstrip("+~").partition("=")[0].partition("@")[0] for override in overrides]
    given = [key for key, override in zip(keys, overrides, strict=True) if not override.startswith("~")]
    named = [key for key in given if key in leaf_paths(Config) or key in GROUPS_THAT_FIX]
    _check_space(build(Config, values), sheets)
    typed = [_as_typed(override, key, values) for override, key in zip(overrides, keys, strict=True)]
    return Composed(build(Config, values), sheets, frozenset(named), tuple(typed))


def _check_space(config: Config, sheets: Mapping[Regime, Mapping[str, Any]]) -> None:
    """Refuses a space that no regime it may meet allows, before any picture is looked at."""
    regimes = list(Regime) if config.regime is RegimeChoice.auto else [Regime(config.regime.value)]
    refusals = []
    for regime in regimes:
        try:
            merge_spaces(sheets[regime]["space"], config.space)
        except ConfigError as error:
            refusals.append(error)
    if len(refusals) == len(regimes):
        raise refusals[0]


def _as_typed(override: str, key: str, values: Mapping[str, Any]) -> str:
    """The override without the quotes that `quote_text` put around its value."""
    value: Any = values
    for part in key.split(".") if key in TEXT_KEYS else ():
        value = value[part]
    return f"{key}={value}" if isinstance(value, str) else override


def _explain(error: Exception) -> ConfigError:
    """Hydra's message as one line, with the nearest valid name."""
    text = str(error.__cause__ or error) if isinstance(error, HydraException) else str(error)
    if isinstance(error, MissingConfigException) and error.options:
        group, _, option = str(error.missing_cfg_file).rpartition("/")
        return ConfigError(f"{group}={option}: there is no such option", nearest(option, error.options))
    key = re.search(r"Could not (?:override|append to config\. An item is already at|delete\S*) '([^']+)'", f"{error} {text}")
    if key and key[1].startswith("space."):
        return ConfigError(f"{key[1]} is not in the configuration yet", f"a range is added with a plus: +{key[1]}=…")
    if key:
        return ConfigError(f"there is no setting {key[1]!r}", nearest(key[1], [*leaf_paths(Config), *_groups()]))
    first_line = " ".join(str(error).split("\n")[0].split())
    return ConfigError(first_line, "see python -m sweep --help")


def _groups() -> list[str]:
    return [folder.name for folder in (settings_root() / "conf").iterdir() if folder.is_dir()]
