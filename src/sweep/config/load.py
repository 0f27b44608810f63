"""The one door from Hydra: command line and YAML in, typed and validated parts out. No DictConfig passes it.

Hydra composes, and nothing of what it can start besides (launchers, callbacks, log handlers) is ever made.
"""

from __future__ import annotations

import itertools
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, RangeSweep
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from sweep.config.choices import Regime, RegimeChoice
from sweep.config.fields import build, flatten, leaf_paths, with_values
from sweep.config.flags import Flags, parse_flags
from sweep.config.places import settings_root
from sweep.config.quoting import as_typed, quote_text, quoted
from sweep.config.refusals import (
    refuse_bundles,
    refuse_hydras_settings,
    refuse_passwords,
    refuse_runnable,
    refuse_strange_values,
)
from sweep.config.space import merge_spaces
from sweep.config.study import Config
from sweep.config.suggestions import unknown_setting
from sweep.errors import ConfigError, nearest

GROUPS_THAT_FIX = ("augment",)
"""Choosing an option of these groups says everything below it, so that the regime no longer does."""

MAX_STUDIES = 1000

_REFUSALS = (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError, RecursionError)
"""ValueError: a number of 5,000 digits, bytes that are no text. RecursionError: a thousand brackets."""


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
    """What `arguments` (flags and overrides) ask for: one study, several with --multirun, none with --help or --cfg.

    Raises ConfigError in one line for whatever Hydra or the types refuse.
    """
    refuse_passwords(arguments)
    flags, overrides = parse_flags(arguments)
    if not flags.shell_completion:
        refuse_hydras_settings(overrides)
    overrides = [*_search_path(flags.config_dir), *(quote_text(override, flags.multirun) for override in overrides)]
    Plugins.instance().register(_SweepsOnSearchPath)
    with _explained(), hydra.initialize_config_dir(str(settings_root() / "conf"), job_name="sweep", version_base="1.3"):
        if flags.only_shows:
            _check_package(flags.package)
            if overrides and not flags.shell_completion:
                _compose(overrides)  # says what is wrong before Hydra shows anything of it
            _show(flags, overrides)
            return []
        jobs = [(job, _compose(job)) for job in (_jobs(overrides) if flags.multirun else [overrides])]
    return [_check(values, [override for override in job if not _is_hydras(override)]) for job, values in jobs]


def _search_path(config_dir: str | None) -> list[str]:
    """Has Hydra look for a group's choices in a folder of the user's too."""
    if config_dir is None:
        return []
    folder = Path(config_dir).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f"--config-dir={config_dir} is not a folder", "name one that holds folders such as data/ with YAML files"
        )
    return [f"hydra.searchpath=[{quoted(f'file://{folder.absolute()}')}]"]


def _is_hydras(override: str) -> bool:
    return override.startswith("hydra.")


def _jobs(overrides: list[str]) -> list[list[str]]:
    """One list of overrides for each combination of the values to run in turn."""
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    turns = [_values_in_turn(override) for override in parser.parse_overrides(overrides)]
    if math.prod(map(len, turns)) > MAX_STUDIES:
        raise ConfigError(f"--multirun would run more than {MAX_STUDIES:,} studies", "name fewer values")
    return [list(job) for job in itertools.product(*turns)]


def _values_in_turn(override: Override) -> list[str]:
    if not override.is_sweep_override():
        return [str(override.input_line)]
    if not override.is_discrete_sweep():
        raise ConfigError(f"{override.input_line} has no values to run in turn", "name them: SETTING=A,B")
    value = override.value()
    if isinstance(value, RangeSweep) and not _is_short(value):
        raise ConfigError(f"{override.input_line} has more than {MAX_STUDIES:,} values", "name fewer")
    return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]


def _is_short(values: RangeSweep) -> bool:
    """Whether they can be written down: a range may hold more numbers than the memory."""
    start, stop, step = values.start or 0, values.stop or 0, values.step or 1
    return abs(stop - start) <= MAX_STUDIES * abs(step)


def _compose(overrides: list[str]) -> dict[str, Any]:
    """The settings as plain values; Hydra's own are looked at and thrown away."""
    composed = hydra.compose("sweep", overrides, return_hydra_config=True)
    with open_dict(composed):
        refuse_runnable(OmegaConf.to_container(composed.pop("hydra"), resolve=False))  # type: ignore[arg-type]
    refuse_strange_values(OmegaConf.to_container(composed, resolve=False))  # type: ignore[arg-type]
    values: dict[str, Any] = OmegaConf.to_container(composed, resolve=True)  # type: ignore[assignment]
    return values


def _show(flags: Flags, overrides: list[str]) -> None:
    """Hydra's own help, configuration and completions."""
    GlobalHydra.instance().clear()
    show = hydra.main(config_path=str(settings_root() / "conf"), config_name="sweep", version_base="1.3")(lambda _: None)
    with _hydra_arguments([*overrides, *flags.words]):
        try:
            show()
        except SystemExit as end:  # how Hydra leaves after --help
            if end.code:
                raise


def _check_package(package: str | None) -> None:
    known = leaf_paths(Config)
    if package and package != "_global_" and not any(f"{path}.".startswith(f"{package}.") for path in known):
        raise unknown_setting(package, known)


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
    keys = [override.strip().lstrip("+~").partition("=")[0].partition("@")[0].strip() for override in overrides]
    refuse_bundles(zip(keys, overrides, strict=True), parts=[name for name in values if name not in ("space", "regimes")])
    given = [key for key, override in zip(keys, overrides, strict=True) if not override.startswith("~")]
    named = [key for key in given if key in leaf_paths(Config) or key in GROUPS_THAT_FIX]
    config = build(Config, values)
    with_values(config, flatten(config.data.recommended))  # a mistake there must not wait for the pictures
    _check_space(config, sheets)
    typed = [as_typed(override, key, values) for override, key in zip(overrides, keys, strict=True)]
    return Composed(config, sheets, frozenset(named), tuple(typed))


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


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ConfigError:
        raise
    except _REFUSALS as error:
        raise _explain(error) from error


def _explain(error: Exception) -> ConfigError:
    """Hydra's message as one line, with the nearest valid name."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return ConfigError(f"line {mark.line + 1} of {mark.name}: {error.problem}", "settings files hold plain values")
    if isinstance(error, UnicodeDecodeError):
        return ConfigError(f"a settings file is not UTF-8 text ({error.reason})", "save it as UTF-8")
    if isinstance(error, MissingConfigException) and error.options:
        group, _, option = str(error.missing_cfg_file).rpartition("/")
        return ConfigError(f"{group}={option}: there is no such option", nearest(option, error.options))
    text = f"{error} {error.__cause__ or ''}"
    # Of `optimizer={lrr: 1}` Hydra names the one, of `optimzer.lr=1` the other.
    key = max(re.findall(r"(?:full_key: |Could not [^']*'|No match for ')([^\s']+)", text), key=len, default="")
    if key.startswith("space."):
        return ConfigError(f"{key} is not in the configuration yet", f"a range is added with a plus: +{key}=…")
    if key and key not in leaf_paths(Config):
        return unknown_setting(key, [*leaf_paths(Config), *_groups()])
    if several := re.match(r"Ambiguous value for argument '(.+)'", str(error)):
        return ConfigError(f"{several[1]} has several values", "run them in turn with --multirun, or write a list: [a,b]")
    if merged := re.match(r"Error merging override (.+)", str(error)):
        return ConfigError(f"{merged[1]} is not allowed: it is a group of settings", "name one of them, as in optimizer.lr=1e-3")
    if isinstance(error, RecursionError):
        return ConfigError("the command line is nested too deeply to be read", "give plain values")
    first_line = " ".join(str(error).split("\n")[0].split())
    return ConfigError(first_line, "see python -m sweep --help")


def _groups() -> list[str]:
    return [folder.name for folder in (settings_root() / "conf").iterdir() if folder.is_dir()]
