from __future__ import annotations

import io

import pandas as pd
import pytest
from rich.console import Console

from sweep.analysis.leaderboard import leaderboard, leaderboard_csv, leaderboard_markdown, leaderboard_table
from sweep.config import Objective
from sweep.journal.events import JobOutcome


def test_best_first_then_the_unscored_then_the_failed(new_study):
    builder = new_study().trial(0, accuracy=0.8)
    builder.trial(1, upto=6, outcome=JobOutcome.failed, reason="the loss became NaN")
    builder.trial(2, upto=2, outcome=None).trial(3, accuracy=0.9).trial(4, upto=4, accuracy=0.99)
    frame = leaderboard(builder.history())
    assert list(frame["trial"]) == [3, 0, 4, 2, 1]
    assert list(frame["rank"].fillna(0)) == [1, 2, 3, 0, 0]
    assert list(frame["epochs_trained"]) == [40, 40, 4, 2, 6]
    assert frame["value"].isna().tolist() == [False, False, False, True, True]


def test_a_trial_that_ended_early_is_ranked_by_its_last_epoch_among_the_complete(new_study):
    builder = new_study().trial(0, accuracy=0.8).trial(1, upto=20, accuracy=0.99, outcome=JobOutcome.stopped_early)
    history = builder.trial(2, upto=13, accuracy=0.99).over().history()
    frame = leaderboard(history)
    assert list(frame["trial"]) == [1, 0, 2]
    assert frame["value"][0] == history.trials[1].value_at(20)
    assert list(frame["epochs_trained"]) == [20, 40, 13]
    text = shown(leaderboard_table(frame, Objective.accuracy))
    assert "complete (early, 20/40)" in text and "stopped 13/40" in text


def test_values_are_those_of_the_last_rung(new_study):
    history = new_study().trial(0, upto=13).history()
    row = leaderboard(history).iloc[0]
    metrics = history.trials[0].reports[13].metrics
    assert row["value"] == row["val/accuracy"] == metrics["val/accuracy"]
    assert row["val/loss"] == metrics["val/loss"]
    assert row["gap"] == metrics["gap/accuracy"]
    assert row["best_epoch"] == 11


def test_the_objective_decides_what_value_is(new_study):
    history = new_study(objective="loss").trial(0).trial(1).history()
    frame = leaderboard(history)
    assert frame["value"].tolist() == frame["val/loss"].tolist() == sorted(frame["val/loss"])


@pytest.mark.parametrize(("objective", "head"), [("accuracy", "accuracy"), ("macro_f1", "macro-F1"), ("loss", "loss")])
def test_the_objective_stands_first_and_never_gives_way(new_study, objective, head):
    history = new_study(objective=objective).trial(0).trial(1).history()
    for width in (160, 40):
        header = shown(leaderboard_table(leaderboard(history), history.objective, width=width)).split()
        assert header[:3] == ["#", "trial", head]
    row = leaderboard_markdown(leaderboard(history), history.objective).splitlines()[2]
    assert row.split(" | ")[2] == f"{leaderboard(history)['value'][0]:.4f}"


def test_top_5_accuracy_is_in_the_file_where_there_are_classes_enough(new_study):
    many, few = (leaderboard(new_study(classes=["c"] * count).trial(0).history()) for count in (10, 9))
    assert many["val/top5_accuracy"][0] == (many["val/accuracy"][0] + 1) / 2
    assert "val/top5_accuracy" not in few.columns
    assert list(few.columns) == [column for column in many.columns if column != "val/top5_accuracy"]


def test_a_setting_that_is_none_stays_one(new_study):
    space = {"train.clip_norm": {"choices": [None, 1.0, 5.0]}, "train.early_stopping": {"choices": [None, 5]}}
    builder = new_study(space=space, baseline=dict.fromkeys(space))
    builder.trial(0).trial(1, params={"train.clip_norm": 1.0, "train.early_stopping": 5})
    frame = leaderboard(builder.history())
    assert [list(frame[name]) for name in ("clip_norm", "early_stopping")] in ([[None, 1.0], [None, 5]], [[1.0, None], [5, None]])
    rows = leaderboard_markdown(frame, Objective.accuracy).splitlines()[2:]
    assert sorted(row.split(" | ")[-2:] for row in rows) == [["1", "5 |"], ["none", "none |"]]


def test_settings_have_short_names_unless_two_would_share_one(new_study):
    space = {"optimizer.lr": {"low": 1e-4, "high": 1e-2, "log": True}, "model.dropout": {"low": 0.0, "high": 0.5, "log": False}}
    history = new_study(space=space).trial(0).history()
    assert list(leaderboard(history).columns)[-2:] == ["lr", "dropout"]


def test_equal_studies_give_equal_files_whenever_they_ran(new_asha_study):
    first, second = (leaderboard_csv(leaderboard(new_asha_study().history(start))) for start in (1000.0, 99999.5))
    assert first == second


def test_the_file_keeps_every_digit(new_asha_study):
    history = new_asha_study().over().history()
    frame = pd.read_csv(io.StringIO(leaderboard_csv(leaderboard(history))))
    best = history.best()
    assert best is not None
    assert frame["value"][0] == best.value_at(best.epochs)
    assert frame["lr"][0] == best.params["optimizer.lr"]
    assert len(frame) == len(history.trials)


def shown(table) -> str:
    console = Console(width=160, file=io.StringIO(), force_terminal=False)
    console.print(table)
    return console.file.getvalue()


def test_the_terminal_shows_the_first_rows_and_counts_the_rest(new_asha_study):
    frame = leaderboard(new_asha_study().over().history())
    text = shown(leaderboard_table(frame, Objective.accuracy, 3))
    assert "0 (baseline)" in text and "and 9 more" in text and "weight_decay" in text
    assert "more" not in shown(leaderboard_table(frame, Objective.accuracy))


def test_a_failures_words_stay_as_they_are(new_study):
    history = new_study().trial(0, upto=3, outcome=JobOutcome.failed, reason="out of memory at epoch 3 of 4").history()
    assert "failed 3: out of memory at epoch 3 of 4" in shown(leaderboard_table(leaderboard(history), history.objective))


def test_a_failures_words_are_no_markup(new_study):
    history = new_study().trial(0, upto=0, outcome=JobOutcome.failed, reason="[red]bad|value[/red]").history()
    assert "[red]bad|value[/red]" in shown(leaderboard_table(leaderboard(history), history.objective))
    assert r"\[red\]bad\|value\[/red\]" in leaderboard_markdown(leaderboard(history), history.objective)


def test_a_study_without_trials_has_an_empty_board(new_study):
    frame = leaderboard(new_study().history())
    assert frame.empty
    assert leaderboard_markdown(frame, Objective.accuracy).count("\n") == 2
