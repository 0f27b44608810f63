"""What people watching a sweep are shown, and what `status` says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from sweep.__main__ import main
from sweep.commands.board import best_words, budget_words, duration, rung_line, standing_line, title_line, trials_table
from sweep.config import BudgetConfig
from sweep.journal.events import JobOutcome
from sweep.journal.history import History
from sweep.journal.journal import Journal
from tests.analysis.conftest import StudyBuilder
from tests.commands.sample import history_of, new_asha_study, new_study, standing_of


def shown(history: History, width: int = 120, rows: int = 12) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(trials_table(history, width, rows))
    return console.file.getvalue().rstrip("\n").split("\n")


def test_rungs_are_told_by_their_distance_from_the_end():
    builder = new_study().trial(0, rungs=[4, 13, 40]).trial(1, rungs=[4, 13, 40], upto=4)
    builder.trial(2, epochs=9, rungs=[3, 9], upto=3).trial(3, epochs=3, rungs=[3]).trial(
        4, epochs=3, rungs=[3], upto=2, outcome=None
    )
    assert rung_line(history_of(builder)) == "trials that reached rung 1: 2 · rung 2: 2 · the end: 2"


def test_a_study_without_rungs_to_stop_at_counts_the_ends():
    assert rung_line(history_of(new_study().trial(0, rungs=[40]))) == "trials that reached the end: 1"


def test_running_trials_stand_first_then_the_best():
    builder = new_study().trial(0, accuracy=0.8).trial(1, accuracy=0.9).trial(2, upto=4).trial(3, upto=2, outcome=None)
    builder.trial(4, upto=1, outcome=JobOutcome.failed, reason="the loss became NaN")
    lines = shown(history_of(builder))
    assert [line.split()[0] for line in lines] == ["trial", "3", "1", "0", "2"]
    assert "running" in lines[1] and "2 of 40" in lines[1]
    assert lines[3].startswith("0 (baseline)")


def test_a_trial_that_ended_early_is_complete_and_shows_how_far_it_came():
    lines = shown(history_of(new_study().trial(0).trial(1, upto=30, outcome=JobOutcome.stopped_early)))
    assert "complete (early)" in lines[2] and "30 of 40" in lines[2]
    assert "(early)" not in lines[1]


def test_the_best_may_have_ended_early():
    history = history_of(new_study().trial(0, accuracy=0.5).trial(1, upto=30, outcome=JobOutcome.stopped_early))
    assert best_words(history) == f"best: trial 1, validation accuracy {history.trials[1].value_at(30):.4f}"


def test_no_more_rows_than_there_is_room_for():
    assert len(shown(history_of(new_asha_study()), rows=5)) == 1 + 5


def test_settings_give_way_on_a_narrow_terminal_and_no_line_is_broken():
    history = history_of(new_asha_study())
    wide, narrow = shown(history, 120), shown(history, 60)
    assert "batch_size" in wide[0] and "lr" in narrow[0] and "batch_size" not in narrow[0]
    assert narrow[-1].strip() == "and 3 more settings"
    assert len(wide) + 1 == len(narrow) and max(map(len, narrow)) <= 60


def test_the_length_of_a_trial_is_told_once():
    header = shown(history_of(new_study().trial(0)))[0].split()
    assert header == ["trial", "state", "epoch", "accuracy", "lr", "weight_decay", "dropout", "batch_size"]


def test_a_setting_whose_short_name_two_would_share_is_named_in_full():
    dimension = {"low": 1e-4, "high": 1e-2, "log": True}
    space = {"optimizer.lr": dimension, "head.lr": dimension}
    builder = new_study(space=space, baseline=dict.fromkeys(space, 1e-3)).trial(0)
    assert shown(history_of(builder))[0].split()[-2:] == ["optimizer.lr", "head.lr"]


def test_before_any_trial_there_is_a_header_alone():
    assert len(shown(history_of(new_study()))) == 1


def test_the_title_keeps_regime_and_size_whatever_the_name():
    assert title_line(history_of(new_study()), 80) == "mnv3_small-plants-small-1a2b3c4d · regime small · 1,500 pictures"
    long = title_line(history_of(new_study(study="mnv3_small-" + "ä" * 90 + "-small-1a2b3c4d")), 80)
    assert len(long) == 80 and long.endswith("1a2b3c4d · regime small · 1,500 pictures")


def test_one_line_tells_the_budget_the_best_and_the_time_left():
    builder = new_study(objective="macro_f1").trial(0)
    best = builder.history().trials[0].value_at(40)
    line = standing_line(standing_of(builder, trials=4, undelivered={"mlflow (no answer)": 3}))
    expected = f"1 of 4 trials, 40 epochs · best: trial 0, validation macro-F1 {best:.4f}"
    assert line == f"{expected} · about 5 min left · 3 events wait for mlflow (no answer)"


def test_every_limit_of_the_budget_is_told_with_what_is_spent_of_it():
    words = budget_words(history_of(new_study().trial(0)), BudgetConfig(trials=4, epochs=100, hours=1.5))
    assert words == "1 of 4 trials, 40 of 100 epochs, 0.01 of 1.5 hours"


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (91, "2 min"), (5399, "90 min"), (5400, "1.5 h")])
def test_durations_are_rounded_to_what_matters(seconds, words):
    assert duration(seconds) == words


@pytest.fixture
def study_on_disk(tmp_path: Path):
    """Writes a study's journal where the commands look for it."""

    def write(builder: StudyBuilder, folder: str = "study") -> Path:
        history_of(builder)
        path = tmp_path / "outputs" / folder
        path.mkdir(parents=True)
        journal = Journal.open(path / "journal.jsonl")
        for event in builder.events:
            journal.append(event)
        journal.close()
        return path

    return write


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_status_and_top_call_stopped_what_a_finished_study_left(study_on_disk, capsys):
    output_dir = str(study_on_disk(new_study().trial(0).trial(1, upto=4).over()).parent)
    assert "1 complete, 1 stopped\n" in told(capsys, "status", "--output-dir", output_dir)
    assert "stopped 4/40" in told(capsys, "top", "--output-dir", output_dir)


def test_status_of_an_unfinished_study_says_how_to_go_on(study_on_disk, capsys):
    output_dir = str(study_on_disk(new_study().trial(0).trial(1, upto=4)).parent)
    text = told(capsys, "status", "--output-dir", output_dir)
    assert "1 complete, 1 paused\n" in text and "the same command" in text and "2 of 20 trials, 44 epochs" in text


def test_names_of_files_are_shown_as_they_are_and_never_taken_for_markup(study_on_disk, capsys):
    study = study_on_disk(new_study(study="w[/b]\ud800", weights="w[/b]\n\udcff.pth").trial(0), "w[/b]\udcff")
    text = told(capsys, "status", "--output-dir", str(study.parent))
    assert "w[/b]\\n\\udcff.pth\n" in text and "w[/b]\\ud800\n" in text and "outputs/w[/b]\\udcff\n" in text
    assert told(capsys, "top", "--output-dir", str(study.parent)).startswith("w[/b]\\ud800\n")
