"""Several studies in one command: all get their turn, and a table compares them."""

from __future__ import annotations

import io
import itertools
import os
import signal
from pathlib import Path

import pytest
from rich.console import Console

from sweep.__main__ import main
from sweep.analysis.studies import study_result
from sweep.commands import multirun
from sweep.commands.multirun import Turn, run_in_turn, show_table
from sweep.config.load import Composed
from sweep.driver.sweep import Sitting
from sweep.errors import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_OUR_FAULT,
    EXIT_TERMINATED,
    EXIT_USER_INPUT,
    DataError,
    InternalError,
)
from tests.commands.program import QUICK, TIMEOUT_S, Program
from tests.commands.sample import history_of, new_study

FOLDS = (*QUICK, "tracking=none", "train.epochs=1", "data.folds=3")


def composed(*overrides: str) -> Composed:
    return Composed(None, {}, frozenset(), ("data=plants", *overrides))


JOBS = [composed(f"model={name}") for name in ("mnv3_small", "resnet18", "vit_b16")]


def history(accuracy, **changes):
    return history_of(new_study(**changes).trial(0, accuracy=accuracy).tested(0).over())


def sitting(accuracy, exit_code=EXIT_DONE, **changes):
    return Sitting(history(accuracy, **changes), Path("outputs/study"), exit_code, {})


@pytest.fixture
def shown(monkeypatch):
    """What is printed on a terminal of 100 characters a line."""
    file = io.StringIO()
    monkeypatch.setattr(multirun, "open_console", lambda: Console(file=file, width=100))
    return file


def turns(shown, *endings, jobs=JOBS):
    """Runs studies that end as given, by a sitting or an exception; the exit code and the lines of the table."""
    left = iter(endings)

    def run(_job):
        ending = next(left)
        if isinstance(ending, BaseException):
            raise ending
        return ending() if callable(ending) else ending

    code = run_in_turn(jobs, run)
    return code, shown.getvalue().partition("3 studies")[2].splitlines()


def test_the_table_has_every_study_best_first(shown):
    code, lines = turns(shown, sitting(0.5), sitting(0.9), sitting(0.7))
    assert code == EXIT_DONE
    assert lines[0] == ", best first"
    assert [line.split()[0] for line in lines if "model=" in line] == ["model=resnet18", "model=vit_b16", "model=mnv3_small"]
    row = next(line for line in lines if "resnet18" in line)
    value = history(0.9).trials[0].value_at(40)
    assert row.split()[1:] == ["1", f"{value:.4f}", "0.933", "(0.897–0.957)", "1.54", "M", "6.2", "MB", "45", "s"]


def test_it_is_said_whose_turn_it_is(shown):
    turns(shown, sitting(0.5), sitting(0.9), sitting(0.7))
    before = shown.getvalue().partition("3 studies")[0].split("\n\n")
    assert before == [f"study {n} of 3: model={name}" for n, name in enumerate(("mnv3_small", "resnet18", "vit_b16"), 1)] + [""]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("/pics has no class folders", "give one per class"), EXIT_USER_INPUT, "/pics has no class folders — give"),
        (InternalError("the baseline's worker was lost"), EXIT_OUR_FAULT, "the baseline's worker was lost"),
        (PermissionError(13, "Permission denied", "/pics"), EXIT_USER_INPUT, "Permission denied"),
    ],
)
def test_a_study_that_cannot_be_run_does_not_lose_the_others(shown, capsys, error, code, said):
    got, lines = turns(shown, sitting(0.5), error, sitting(0.7))
    assert got == code
    assert [line.split()[0] for line in lines if "model=" in line] == ["model=vit_b16", "model=mnv3_small", "model=resnet18"]
    assert f"failed: {said}" in " ".join(" ".join(lines).split()).replace("[Errno 13] ", "")
    assert said in capsys.readouterr().err


def test_the_first_failure_gives_the_exit_code(shown):
    assert turns(shown, sitting(0.5, EXIT_OUR_FAULT), DataError("a"), sitting(0.7))[0] == EXIT_OUR_FAULT
    assert turns(shown, sitting(0.5), DataError("a"), InternalError("b"))[0] == EXIT_USER_INPUT


def test_a_study_without_a_complete_trial_is_said_to_have_failed(shown):
    unfinished = Sitting(history_of(new_study().trial(0, upto=4)), Path("outputs/study"), EXIT_OUR_FAULT, {})
    _, lines = turns(shown, unfinished, sitting(0.5), sitting(0.7))
    assert any("model=mnv3_small" in line and "failed: no trial was trained to its end" in line for line in lines)


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (sitting(0.5, EXIT_INTERRUPTED), EXIT_INTERRUPTED),
        (sitting(0.5, EXIT_TERMINATED), EXIT_TERMINATED),
        (KeyboardInterrupt(), EXIT_INTERRUPTED),  # while the pictures are read, say
        (lambda: os.kill(os.getpid(), signal.SIGTERM), EXIT_TERMINATED),
    ],
)
def test_a_signal_stops_them_all_and_the_table_shows_what_is_there(shown, ending, code):
    got, lines = turns(shown, sitting(0.9), ending)
    assert got == code
    assert any("model=mnv3_small" in line and "0.9" in line for line in lines)
    (stopped,) = [line for line in lines if "model=resnet18" in line and "stopped" in line]
    (waiting,) = [line for line in lines if "model=vit_b16" in line]
    assert waiting.split() == ["model=vit_b16", "not", "started"]


def test_a_signal_counts_more_than_an_earlier_failure(shown):
    assert turns(shown, DataError("a"), sitting(0.5, EXIT_TERMINATED))[0] == EXIT_TERMINATED


def test_sigterm_is_again_what_it_was_afterwards(shown):
    before = signal.getsignal(signal.SIGTERM)
    turns(shown, sitting(0.5), sitting(0.9), sitting(0.7))
    assert signal.getsignal(signal.SIGTERM) is before


def table(width, *rows, troubles=()):
    file = io.StringIO()
    done = [Turn(settings, EXIT_DONE, study_result(told, settings), "") for settings, told in rows]
    console = Console(file=file, width=width, force_terminal=True, color_system=None)
    show_table(console, [*done, *(Turn(settings, 2, None, why) for settings, why in troubles)])
    return [line.rstrip() for line in file.getvalue().rstrip("\n").split("\n")]


LONG = "efficientnet_b0-a folder of pictures with a very long name indeed-medium-1a2b3c4d"


@pytest.mark.parametrize("width", [80, 100, 160])
def test_nothing_is_cut_off_on_narrow_terminals(width):
    rows = ((("model=mnv3_small",), history(0.5)), (("model=efficientnet_b0", "seed=12"), history(0.9, study=LONG)))
    reason = "failed: the pictures changed since it began — put them back, or open another study with study.new=true"
    lines = table(width, *rows, troubles=[(("model=vit_b16",), reason)])
    assert max(map(len, lines)) <= width
    below = next(number for number, line in enumerate(lines) if line.startswith("model=vit_b16"))
    names = "".join(line[: line.find("  1  ")] if "  1  " in line else line for line in lines[4:below])
    for name in (LONG, "model=efficientnet_b0 seed=12", "mnv3_small-plants-small-1a2b3c4d"):
        assert name.replace(" ", "") in names.replace(" ", "")
    assert reason in " ".join(" ".join(lines[below:]).split())
    assert sum("0.933 (0.897–0.957)  1.54 M  6.2 MB  45 s" in line for line in lines) == 2


def test_there_is_a_column_for_each_thing_where_there_is_room():
    lines = table(160, (("model=mnv3_small",), history(0.5)), (("model=resnet18",), history(0.9)))
    header = " ".join(lines[2:4])
    for name in ("settings", "study", "trials", "validation", "test accuracy", "(95 % interval)", "params", "fp32", "time"):
        assert name in header
    assert len(lines) == 6


def test_what_is_not_known_is_a_dash():
    (row,) = [line for line in table(160, (("seed=1",), history_of(new_study(network={}).trial(0, upto=4)))) if "seed" in line]
    assert row.split()[3:7] == ["—"] * 4


@pytest.mark.parametrize(("objective", "head"), [("accuracy", "accuracy"), ("macro_f1", "macro-F1"), ("loss", "loss")])
def test_the_objective_heads_its_column(objective, head):
    lines = table(160, (("seed=1",), history(0.5, objective=objective)), (("seed=2",), history(0.9, objective=objective)))
    assert "validation" in lines[2] and head in lines[3].split()


def test_different_objectives_are_named_in_their_rows():
    lines = table(160, (("objective=loss",), history(0.5, objective="loss")), (("objective=accuracy",), history(0.9)))
    assert lines[1] == "2 studies"
    assert [line.split()[3] for line in lines if "objective=" in line] == ["loss", "accuracy"]


def test_folds_have_their_mean_below_the_table():
    told = [history(accuracy) for accuracy in (0.7, 0.8, 0.9)]
    lines = table(100, *(((f"data.fold={n}",), one) for n, one in enumerate(told)))
    values = [one.trials[0].value_at(40) for one in told]
    mean = sum(values) / 3
    deviation = (sum((value - mean) ** 2 for value in values) / 2) ** 0.5
    assert lines[-1] == (
        f"validation accuracy over data.fold: {mean:.4f} ± {deviation:.4f} (mean ± sample standard deviation, n = 3)"
    )
    lines = table(100, *(((f"data.fold={n}",), one) for n, one in enumerate(told)), troubles=[(("data.fold=3",), "not started")])
    assert lines[-1].endswith("n = 3 of 4)") and "not started" in lines[-2]


def test_studies_that_differ_in_more_have_no_mean():
    assert "±" not in "".join(table(100, (("model=a",), history(0.5)), (("model=b",), history(0.9))))


def test_a_log_has_a_line_for_each_study_that_is_not_done():
    file = io.StringIO()
    reason = "failed: " + "a reason of many words " * 20
    show_table(Console(file=file, width=160), [Turn(("model=vit_b16",), 2, None, reason), Turn(("model=resnet18",))])
    assert file.getvalue().splitlines()[2:] == [f"model=vit_b16   {reason}", "model=resnet18  not started"]


@pytest.mark.slow
def test_cross_validation_is_one_command(program: Program, pictures: Path) -> None:
    arguments = ["train", f"data.root={pictures}", *FOLDS]
    done = program.run(*arguments, "-m", "data.fold=0,2")  # the flag where it was thought of
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    first, second = (line.split() for line in lines if line.startswith("data.fold="))
    assert {first[0], second[0]} == {"data.fold=0", "data.fold=2"} and float(first[3]) >= float(second[3])
    mean = (float(first[3]) + float(second[3])) / 2
    assert lines[-1].startswith(f"validation accuracy over data.fold: {mean:.3f}"[:-1]) and lines[-1].endswith("n = 2)")


@pytest.mark.slow
def test_ctrl_c_stops_all_studies_and_still_shows_the_table(program: Program, pictures: Path) -> None:
    process = program.start("train", f"data.root={pictures}", *FOLDS, "train.epochs=500", "-m", "data.fold=0,1")
    try:
        assert process.stdout is not None
        shown = list(itertools.takewhile(lambda line: "epoch 1 of 500" not in line, process.stdout))
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
    assert process.returncode == EXIT_INTERRUPTED, "".join(shown) + rest
    assert rest.splitlines()[-2:] == ["data.fold=0  stopped; the same command continues", "data.fold=1  not started"]


def test_mistakes_in_all_studies_are_all_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    roots = [str(tmp_path / name) for name in ("one", "other")]
    assert main(["-m", "data=folder", "model.weights=none", f"data.root={','.join(roots)}"]) == EXIT_USER_INPUT
    printed = capsys.readouterr()
    assert printed.err.count("error: ") == 2 and all(root in printed.err for root in roots)
    assert printed.out.count(": failed") + printed.out.count("  failed: ") == 2


def test_a_mistake_that_composing_finds_is_refused_before_the_first_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["-m", "optimizer.lr=1e-3,-5", "data=folder", "data.root=."]) == EXIT_USER_INPUT
    printed = capsys.readouterr()
    assert "optimizer.lr=-5" in printed.err and not printed.out
    assert not (tmp_path / "outputs" / "mnv3_small").exists()
