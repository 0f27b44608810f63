"""The arguments that commands about existing studies share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from sweep.errors import ConfigError

DEFAULT_OUTPUT_DIR = Path("outputs")


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake gets the one line that every other mistake gets."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(message, f"see {self.prog} --help")


def study_parser(word: str, description: str, *, positional: bool = True) -> Parser:
    """A parser that knows which study is meant: by position, or as --study where something else stands there."""
    parser = Parser(prog=f"python -m sweep {word}", description=description, allow_abbrev=False)
    text = "the study's name or the beginning of it; the latest when left out"
    if positional:
        parser.add_argument("study", nargs="?", metavar="STUDY", help=text)
    else:
        parser.add_argument("--study", metavar="STUDY", help=text)
    parser.add_argument(
        "--output-dir", type=Path, default=DEFAULT_OUTPUT_DIR, metavar="DIR", help="where studies are kept (outputs)"
    )
    return parser
