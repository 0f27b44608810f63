"""The commands of the README and of docs/, the how-tos aside, do what is said."""

from __future__ import annotations

import pytest
from tests.documentation.documents import DOCUMENTS, Command, commands
from tests.documentation.typist import check_command

pytestmark = pytest.mark.slow

COMMANDS = sorted(commands(DOCUMENTS), key=lambda command: "clean" in command.words)  # last of all


@pytest.mark.parametrize("command", COMMANDS, ids=[f"{one.where} {one.text}" for one in COMMANDS])
def test_a_command_works(command: Command, names: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    check_command(command, names, capsys)
