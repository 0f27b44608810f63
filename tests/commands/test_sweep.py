"""A sweep from the first command to the records, and everything one does with it afterwards."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from sweep.analysis.compare import Verdict
from sweep.driver.shelf import read_study
from tests.commands.program import QUICK, Program, journal_lines
from tests.commands.records import is_child, mlflow_runs, open_mlflow, trial_of
from tests.pictures import CLASSES


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, pictures: Path, cache: Path) -> tuple[Program, str]:
    """A program whose sweep has run to its end, and what it printed."""
    program = Program(tmp_path_factory.mktemp("work"), cache)
    done = program.run(f"data.root={pictures}", *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    return program, done.stdout


def test_it_says_what_it_does(swept: tuple[Program, str]) -> None:
    shown = swept[1]
    for expected in (
        "regime tiny",
        "fewer than the documented minimum, 200",
        "weights none",
        "optimizer.lr",
        "trial 0 (baseline)",
    ):
        assert expected in shown
    assert "train.epochs is fixed by the command line" in shown
    assert "test accuracy" in shown


def test_the_budget_is_met_and_not_every_trial_is_trained_to_its_end(swept: tuple[Program, str]) -> None:
    history = read_study(swept[0].study_folder())
    assert len(history.trials) == 4
    assert history.trials[0].epochs_done == 6
    assert 6 + 3 * 3 <= history.epochs_trained < 4 * 6
    assert history.is_over


def test_mlflow_holds_every_trial_below_its_study_with_what_one_compares(swept: tuple[Program, str]) -> None:
    runs = mlflow_runs(swept[0])
    parents, children = [run for run in runs if not is_child(run)], [run for run in runs if is_child(run)]
    assert len(parents) == 1 and len(children) == 4
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parents[0].info.run_id}
    child = next(run for run in children if trial_of(run) == 0)
    assert float(child.data.params["optimizer.lr"]) > 0
    for metric in ("train/loss", "val/accuracy", "val/macro_f1", "gap/accuracy", "lr", "pictures_per_s", "epoch_s"):
        assert metric in child.data.metrics
    assert child.inputs.dataset_inputs[0].dataset.name == "patterns"
    assert "mlflow.note.content" in parents[0].data.tags


def test_artifacts_of_a_trial_and_of_the_study_are_with_their_runs(swept: tuple[Program, str]) -> None:
    program = swept[0]
    client = open_mlflow(program)

    def names(run_id: str, path: str | None = None) -> set[str]:
        found = client.list_artifacts(run_id, path)
        files = {Path(item.path).name for item in found if not item.is_dir}
        return files.union(*(names(run_id, item.path) for item in found if item.is_dir))

    for run in mlflow_runs(program):
        if is_child(run):
            assert names(run.info.run_id) >= {
                "config.yaml",
                "overrides.txt",
                "environment.json",
                "learning_curve.png",
                "confusion_matrix.png",
                "per_class.csv",
                "best.safetensors",
            }
        else:
            assert names(run.info.run_id) >= {"leaderboard.csv", "optimization_history.png", "space.yaml", "summary.md"}


def test_study_db_opens_with_optuna(swept: tuple[Program, str]) -> None:
    folder = swept[0].study_folder()
    study = optuna.load_study(study_name=folder.name, storage=f"sqlite:///{folder / 'study.db'}")
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3]
    assert {trial.state for trial in study.trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    best = read_study(folder).best()
    assert best is not None and study.best_value == best.value_at(best.epochs)


def test_the_leaderboard_comes_as_table_and_as_csv(swept: tuple[Program, str]) -> None:
    program = swept[0]
    assert "optimizer.lr" in program.run("top").stdout or "lr" in program.run("top").stdout
    rows = list(csv.DictReader(io.StringIO(program.run("top", "--csv").stdout)))
    assert [int(row["rank"]) for row in rows] == [1, 2, 3, 4]
    assert {int(row["trial"]) for row in rows} == {0, 1, 2, 3}


def test_status_tells_where_the_study_stands(swept: tuple[Program, str]) -> None:
    shown = swept[0].run("status").stdout
    assert "4 of 4 trials" in shown and "nobody" in shown and "budget spent" in shown


def test_the_same_command_again_prints_the_result_and_adds_nothing(swept: tuple[Program, str], pictures: Path) -> None:
    program = swept[0]
    before = journal_lines(program)
    again = program.run(f"data.root={pictures}", *QUICK)
    assert again.returncode == 0
    assert "best: trial" in again.stdout
    assert journal_lines(program) == before


def test_the_best_trial_is_reproduced_bit_for_bit(swept: tuple[Program, str]) -> None:
    done = swept[0].run("reproduce", "best")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bitwise identical" in done.stdout


@pytest.mark.slow
def test_any_trial_is_reproduced_by_its_mlflow_run(swept: tuple[Program, str]) -> None:
    run = next(run for run in mlflow_runs(swept[0]) if is_child(run) and trial_of(run) == 2)
    done = swept[0].run("reproduce", run.info.run_id)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trial 2" in done.stdout and "bitwise identical" in done.stdout


@pytest.mark.slow
def test_another_number_of_threads_is_named_by_the_verdict(swept: tuple[Program, str]) -> None:
    done = swept[0].run("reproduce", "best", "--threads", "2")
    assert done.returncode in {verdict.exit_code for verdict in Verdict}
    assert "threads: 1 → 2" in done.stdout


def test_the_per_class_table_names_the_classes(swept: tuple[Program, str]) -> None:
    text = (swept[0].study_folder() / "trials" / "0000" / "per_class.csv").read_text()
    assert all(name in text for name in CLASSES)


@pytest.mark.slow
def test_training_once_is_tracked_like_a_trial(program: Program, pictures: Path) -> None:
    done = program.run("train", f"data.root={pictures}", *QUICK, "optimizer.lr=2e-3")
    assert done.returncode == 0, done.stdout + done.stderr
    history = read_study(program.study_folder())
    assert [trial.epochs_done for trial in history.trials.values()] == [6]
    assert len(mlflow_runs(program)) == 2
    config = (program.study_folder() / "trials" / "0000" / "config.yaml").read_text()
    assert "lr: 0.002" in config


@pytest.mark.slow
def test_cleaning_keeps_the_best_weights_and_the_records(program: Program, pictures: Path) -> None:
    assert program.run(f"data.root={pictures}", *QUICK, "budget.trials=2", "tracking=none").returncode == 0
    best = read_study(program.study_folder()).best()
    assert best is not None
    promised = program.run("clean", "--dry-run").stdout
    assert "would free" in promised and len(list(program.study_folder().glob("trials/*/*.safetensors"))) == 2
    assert "freed" in program.run("clean").stdout
    left = {path.parent.name for path in program.study_folder().glob("trials/*/*.safetensors")}
    assert left == {f"{best.number:04d}"}
    assert not list(program.study_folder().glob("trials/*/checkpoint.pt"))
    assert program.run("top").returncode == 0


def test_secrets_and_machine_facts_are_where_they_belong(swept: tuple[Program, str]) -> None:
    environment = json.loads((swept[0].study_folder() / "trials" / "0000" / "environment.json").read_text())
    assert environment["threads"] == 1
    assert environment["packages"]["torch"]
    assert environment["hardware"]["cpu_capability"]


@pytest.mark.slow
def test_what_a_labels_file_and_many_options_made_is_reproduced_from_another_folder(
    program: Program, pictures: Path, tmp_path: Path
) -> None:
    rows = sorted(path.relative_to(pictures) for path in pictures.glob("*/*.jpg"))
    labels = pictures.parent / "labels.csv"
    labels.write_text("path,label\n" + "".join(f"{row.as_posix()},{row.parts[0]}\n" for row in rows))
    done = program.run(
        "train",
        *QUICK[:-3],
        "execution=inline",
        "execution.threads=1",
        f"data.root={os.path.relpath(pictures, program.where)}",
        f"data.labels={os.path.relpath(labels, program.where)}",
        "data.folds=3",
        "data.fold=2",
        "data.max_per_class=9",
        "train.ema_decay=0.9",
        "train.early_stopping=2",
        "train.sampling=balanced",
        "train.class_weights=inverse",
        "augment.mixup=0.3",
        "augment.cutmix=0.3",
        "schedule=plateau",
        "optimizer=rmsprop",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    elsewhere = Program(tmp_path, program.cache)
    again = elsewhere.run("reproduce", "best", "--output-dir", str(program.where / "outputs"))
    assert Verdict.identical.value in again.stdout, again.stdout + again.stderr
