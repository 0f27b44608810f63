"""The same command later: with more budget, changed pictures, a lost mirror, a store out of reach."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from sweep.driver.shelf import read_study
from sweep.errors import EXIT_USER_INPUT
from tests.commands.program import QUICK, Program
from tests.commands.records import check_records
from tests.pictures import make_pictures


@pytest.mark.slow
def test_a_larger_budget_continues_a_finished_study(program: Program, pictures: Path) -> None:
    arguments = [f"data.root={pictures}", *QUICK]
    assert program.run(*arguments, "budget.trials=2").returncode == 0
    first = read_study(program.study_folder())
    assert program.run(*arguments, "budget.trials=4").returncode == 0
    second = read_study(program.study_folder())
    assert len(first.trials) == 2 and len(second.trials) == 4
    assert second.trials[0].reports[6].metrics == first.trials[0].reports[6].metrics
    check_records(program)


@pytest.mark.slow
def test_a_deleted_study_db_is_rebuilt_equal(program: Program, pictures: Path) -> None:
    arguments = [f"data.root={pictures}", *QUICK, "budget.trials=3"]
    assert program.run(*arguments).returncode == 0
    folder = program.study_folder()

    def trials() -> list[optuna.trial.FrozenTrial]:
        return optuna.load_study(study_name=folder.name, storage=f"sqlite:///{folder / 'study.db'}").trials

    before = trials()
    (folder / "study.db").unlink()
    assert program.run(*arguments).returncode == 0
    assert trials() == before


@pytest.mark.slow
def test_changed_pictures_are_refused_by_name_and_another_study_can_be_opened(tmp_path: Path, program: Program) -> None:
    root = make_pictures(tmp_path / "patterns")
    arguments = [f"data.root={root}", *QUICK, "budget.trials=1", "tracking=none"]
    assert program.run(*arguments).returncode == 0
    (root / "rings" / "03.jpg").write_bytes((root / "rings" / "04.jpg").read_bytes() + b"\0")
    refused = program.run(*arguments)
    assert refused.returncode == EXIT_USER_INPUT
    assert "rings/03.jpg" in refused.stderr and "study.new=true" in refused.stderr
    assert program.run(*arguments, "study.new=true").returncode == 0
    assert len(list((program.where / "outputs").glob("*/journal.jsonl"))) == 2
    assert program.run(*arguments).returncode == 0, "the same command continues the newest"


@pytest.mark.slow
def test_an_unreachable_tracking_server_stops_nothing_and_is_said(program: Program, pictures: Path) -> None:
    arguments = [f"data.root={pictures}", *QUICK, "budget.trials=2"]
    done = program.run(*arguments, "tracking.flush_timeout_s=1", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "events wait for" in done.stdout
    assert read_study(program.study_folder()).is_over
    assert program.run(*arguments).returncode == 0, "with a store at hand the same command delivers"
    check_records(program)
