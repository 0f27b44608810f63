"""The commands of docs/howto/ do what is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.documentation.documents import HOWTOS, Command, commands, python_blocks
from tests.documentation.typist import check_command

COMMANDS = commands(HOWTOS)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=[f"{one.where} {one.text}" for one in COMMANDS])
def test_a_command_of_a_howto_works(command: Command, names: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    check_command(command, names, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("document", HOWTOS, ids=lambda document: document.name)
def test_python_of_a_howto_works(document: Path, names: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for block in python_blocks(document):
        exec(compile(block, str(document), "exec"), {})
        assert capsys.readouterr().out
