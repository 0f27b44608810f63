"""Every case of docs/reliability.md names tests, and every test that is named exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
CASES = 31
_ROW = re.compile(r"^\| (\d+) \|.*\| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[int, str]:
    return {int(number): tests for number, tests in _ROW.findall(PAGE.read_text())}


def test_every_case_has_its_row() -> None:
    assert list(rows()) == list(range(1, CASES + 1))


@pytest.mark.parametrize("number", range(1, CASES + 1))
def test_every_row_names_tests_that_exist(number: int) -> None:
    named = _TEST.findall(rows()[number])
    assert named
    for path, test in named:
        tree = ast.parse((ROOT / path).read_text())
        assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{path} has no {test}"


def test_no_figure_is_still_to_come() -> None:
    assert not re.search(r"@\w+@", PAGE.read_text())
