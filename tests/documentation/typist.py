"""Documented commands, typed: with a reader's own names put in, and with settings that make them short."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import optuna
import pytest
from tests.documentation.documents import ROOT, Command

from sweep.__main__ import COMMANDS, main
from sweep.config.load import compose
from sweep.errors import EXIT_DONE, EXIT_USER_INPUT

PLACEHOLDER = re.compile(r"\b[A-Z][A-Z_]{2,}\b")
SMALL = {
    "data.image_size": "32",
    "train.batch_size": "16",
    "model.weights": "none",
    "execution": "inline",
    "execution.threads": "1",
    "train.precision": "fp32",
    "tracking": "none",
}
"""Added where a command does not speak of them."""
SHORT = {"train.epochs": "1", "budget.trials": "2"}
"""Put in the place of longer ones: what a command shows is that they can be named."""
DRAWING = ("data=plants", "data=activities", "data=prototype")
SAYING = ("--cfg", "--help", "--version", "--shell-completion")
"""Flags with which nothing is trained."""


def check_command(command: Command, names: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Fails, naming file and line, where the command does not end as its document says."""
    unknown = set(PLACEHOLDER.findall(command.text)) - names.keys() - {"ARGS"}
    assert not unknown, f"{command.where}: nobody knows what to put in the place of {', '.join(unknown)}"
    answer = type_command(command.words, names)
    shown = capsys.readouterr()
    expected = EXIT_USER_INPUT if command.error else EXIT_DONE
    assert answer == expected, f"{command.where}: {command.text} ended with {answer}, not {expected}:\n{shown.out}{shown.err}"
    assert shown.err.startswith(command.error.rstrip("… ")), f"{command.where}: the answer is {shown.err}"


def type_command(words: Sequence[str], names: Mapping[str, str]) -> int:
    """The exit code; for what only prepares a shell or a machine, whether it can be done is looked at instead."""
    program, rest = _split(words)
    return PROGRAMS[program](filled(rest, names) if program != "make" else list(rest))


def filled(words: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """The words with optional ones taken as given and the reader's names put in; KeyError for a placeholder without one."""
    plain = [re.sub(r"^\[([^\[\],=]+)\]$", r"\1", word) for word in words]
    return [PLACEHOLDER.sub(lambda found: names[found[0]], word) for word in plain]


def shrunk(words: Sequence[str]) -> list[str]:
    """What stands behind `python -m sweep`, with settings that make it take a second or two."""
    if set(words) & set(SAYING) or (words and words[0] in COMMANDS and words[0] not in ("run", "train")):
        return list(words)
    named = {word.lstrip("+").removeprefix("space.").partition("=")[0] for word in words if "=" in word}
    searched = [word for word in words if word.startswith("+space.") and not word.endswith("=null")]
    added = [f"{path}={value}" for path, value in SMALL.items() if not any(f"{name}.".startswith(f"{path}.") for name in named)]
    added += [f"{path}={value}" for path, value in SHORT.items() if not any(f"space.{path}" in word for word in searched)]
    if not named & {"data.root", "data.labels"} and ("data" not in named or set(words) & set(DRAWING)):
        added.append("data.root=pictures")
    return [*words, *added]


def _split(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    for program in PROGRAMS:
        begin = tuple(program.split())
        if tuple(words[: len(begin)]) == begin:
            return program, words[len(begin) :]
    raise AssertionError(f"nobody knows how to type {words}")


def _sweep(words: list[str]) -> int:
    return main(shrunk(words))


def _make(words: list[str]) -> int:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert {word for word in words if "=" not in word} <= set(targets)
    for word in words:
        if "sweep" in words and word.startswith("ARGS="):
            compose(["model=mnv3_small", "data=plants", *shlex.split(word.removeprefix("ARGS="))])
    return EXIT_DONE


def _dashboard(words: list[str]) -> int:
    (address,) = words
    assert optuna.get_all_study_names(address)
    assert shutil.which("optuna-dashboard", path=Path(sys.executable).parent)
    return EXIT_DONE


def _eval(words: list[str]) -> int:
    (inner,) = words
    program, rest = _split(shlex.split(inner.removeprefix("$(").removesuffix(")")))
    return PROGRAMS[program](list(rest))


def _activate(words: list[str]) -> int:
    assert "VENV := .venv\n" in (ROOT / "Makefile").read_text()
    return EXIT_DONE


def _install(words: list[str]) -> int:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (named,) = re.findall(r"\[(\w+)\]", words[0])
    assert named in extras
    return EXIT_DONE


PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "python -m sweep": _sweep,
    "sweep": _sweep,
    "make": _make,
    "optuna-dashboard": _dashboard,
    "eval": _eval,
    ". .venv/bin/activate": _activate,
    "pip install": _install,
}
"""By what a command begins with: how it is typed."""
