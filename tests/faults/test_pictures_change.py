"""Pictures that change between two starts of a study: refused by name, and with the pictures put back it goes on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sweep.driver.shelf import read_study
from sweep.errors import EXIT_USER_INPUT
from tests.commands.program import QUICK, Program
from tests.pictures import make_pictures


def change_keeping_size_and_time(root: Path) -> str:
    picture = root / "rings/03.jpg"
    status, content = picture.stat(), bytearray(picture.read_bytes())
    content[-30] ^= 1
    picture.write_bytes(content)
    os.utime(picture, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert picture.stat().st_size == status.st_size
    return "1 changed: rings/03.jpg"


def add(root: Path) -> str:
    shutil.copy(root / "rings/04.jpg", root / "rings/new.jpg")
    return "1 added: rings/new.jpg"


def remove(root: Path) -> str:
    (root / "rings/03.jpg").unlink()
    return "1 removed: rings/03.jpg"


CHANGES: tuple[Callable[[Path], str], ...] = (change_keeping_size_and_time, add, remove)


@pytest.mark.slow
def test_a_study_goes_on_only_with_the_pictures_that_it_began_with(tmp_path: Path) -> None:
    program = Program(tmp_path / "work", tmp_path / "cache")
    program.where.mkdir()
    root, kept = make_pictures(tmp_path / "patterns"), tmp_path / "kept"
    arguments = [f"data.root={root}", *QUICK, "tracking=none"]
    assert program.run(*arguments, "budget.trials=1").returncode == 0
    journal = (program.study_folder() / "journal.jsonl").read_bytes()
    shutil.copytree(root, kept)
    for happens in CHANGES:
        said = happens(root)
        refused = program.run(*arguments, "budget.trials=2")
        assert refused.returncode == EXIT_USER_INPUT, happens.__name__
        assert said in refused.stderr and "study.new=true" in refused.stderr and "Traceback" not in refused.stderr
        assert (program.study_folder() / "journal.jsonl").read_bytes() == journal, "nothing was mixed"
        shutil.rmtree(root)
        shutil.copytree(kept, root)
    assert program.run(*arguments, "budget.trials=2").returncode == 0
    assert len(read_study(program.study_folder()).trials) == 2
