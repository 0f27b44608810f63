"""The flags that may stand among the settings: those of Hydra's that show something, and what stands for several studies."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from sweep.errors import ConfigError, nearest

FLAGS = (
    "--help",
    "--cfg",
    "--resolve",
    "--package",
    "--info",
    "--hydra-help",
    "--shell-completion",
    "--multirun",
    "--config-dir",
)


@dataclass(frozen=True, slots=True)
class Flags:
    multirun: bool
    shell_completion: bool
    config_dir: str | None
    """A folder of the user's own with further choices for the groups."""
    package: str | None
    """Of --cfg: the part that is shown."""
    words: tuple[str, ...]
    """What Hydra is told to show; empty where a study is to run."""

    @property
    def only_shows(self) -> bool:
        return bool(self.words)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(message, "see python -m sweep --help")


def parse_flags(arguments: Sequence[str]) -> tuple[Flags, list[str]]:
    """The flags, wherever they stand, and the overrides between them. Raises ConfigError for a flag that there is not."""
    found, overrides = _parser().parse_known_args(arguments)
    for word in overrides:
        if word.startswith("-"):
            raise ConfigError(f"there is no flag {word!r}", nearest(word.partition("=")[0], FLAGS))
    words = [f"--{name.replace('_', '-')}" for name in ("help", "hydra_help", "resolve", "shell_completion") if vars(found)[name]]
    words += [f"--{name}={vars(found)[name]}" for name in ("cfg", "package", "info") if vars(found)[name]]
    if words and found.multirun:
        raise ConfigError(f"{words[0]} shows one configuration, --multirun has several", "leave one of the two out")
    if set(words) & {"--resolve"} and not found.cfg and not found.help:
        raise ConfigError("--resolve goes with --cfg or --help", "give --cfg job --resolve")
    if found.package and not found.cfg:
        raise ConfigError("--package goes with --cfg", f"give --cfg job --package {found.package}")
    return Flags(found.multirun, found.shell_completion, found.config_dir, found.package, tuple(words)), overrides


def _parser() -> _Parser:
    parser = _Parser(prog="python -m sweep", add_help=False, allow_abbrev=False)
    for names in (
        ("--help", "-h"),
        ("--hydra-help",),
        ("--resolve",),
        ("--shell-completion", "-sc"),
        ("--multirun", "-m"),
        ("--run", "-r"),
    ):
        parser.add_argument(*names, action="store_true")
    parser.add_argument("--cfg", "-c", choices=["job", "hydra", "all"])
    parser.add_argument("--package", "-p")
    parser.add_argument("--config-dir", "-cd")
    views = ["all", "config", "defaults", "defaults-tree", "plugins", "searchpath"]
    parser.add_argument("--info", "-i", nargs="?", const="all", choices=views)
    return parser
