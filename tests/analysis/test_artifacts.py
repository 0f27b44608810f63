from __future__ import annotations

import io
import json

import numpy as np
import pytest
import yaml
from PIL import Image

from sweep.analysis.artifacts import write_study_artifacts, write_trial_artifacts
from sweep.analysis.figures.style import png
from sweep.journal.events import JobOutcome

FIGURES = {"optimization_history.png", "curves.png", "slice.png", "parallel_coordinates.png"}
TABLES = {"leaderboard.csv", "leaderboard.md", "space.yaml", "summary.md"}


def assert_is_picture(path):
    """Not blank: several colours, and ink in every quarter of the picture."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    height, width, _ = pixels.shape
    assert min(height, width) > 300
    assert len(np.unique(pixels[::3, ::3].reshape(-1, 3) @ (1, 256, 65536))) > 20
    for rows in (slice(0, height // 2), slice(height // 2, None)):
        for columns in (slice(0, width // 2), slice(width // 2, None)):
            assert (pixels[rows, columns] < 250).any()


def assert_all_there(folder, files):
    assert len(set(files)) == len(files)
    for file in files:
        assert (folder / file).is_file()
        if file.endswith(".png"):
            assert_is_picture(folder / file)
    assert not list(folder.rglob("*.tmp"))


def test_a_study_leaves_its_report(new_asha_study, tmp_path):
    history = new_asha_study().history()
    files, text = write_study_artifacts(history, tmp_path)
    assert {file.removeprefix("report/") for file in files} == FIGURES | TABLES | {"importance.png"}
    assert_all_there(tmp_path, files)
    assert (tmp_path / "report/summary.md").read_text() == text
    assert yaml.safe_load((tmp_path / "report/space.yaml").read_text()) == history.opened.space
    assert "stopped at epoch" in (tmp_path / "report/leaderboard.csv").read_text()


def test_few_trials_have_no_importance(new_study, tmp_path):
    history = new_study().trial(0).trial(1).history()
    files, text = write_study_artifacts(history, tmp_path)
    assert {file.removeprefix("report/") for file in files} == FIGURES | TABLES
    assert_all_there(tmp_path, files)
    assert "importance of the settings was not computed" in text


def test_every_trial_failed_but_the_baseline(new_study, tmp_path):
    builder = new_study().trial(0)
    for number in range(1, 5):
        builder.trial(number, upto=number - 1, outcome=JobOutcome.failed, reason="the loss became NaN")
    history = builder.history()
    files, _ = write_study_artifacts(history, tmp_path)
    assert_all_there(tmp_path, files)


def test_a_study_without_trials_has_tables_only(new_study, tmp_path):
    files, _ = write_study_artifacts(new_study().history(), tmp_path)
    assert {file.removeprefix("report/") for file in files} == TABLES


def test_one_training_without_a_search(new_study, tmp_path):
    history = new_study(space={}, baseline={}).trial(0, epochs=1, rungs=[1]).history()
    files, text = write_study_artifacts(history, tmp_path)
    assert {file.removeprefix("report/") for file in files} == TABLES | {"optimization_history.png", "curves.png"}
    assert_all_there(tmp_path, files)
    assert "after 1 epoch" in text and "nothing was searched" in text


def test_a_trial_leaves_its_files(new_study, write_evaluation, tmp_path):
    history = new_study().trial(0).history()
    folder = tmp_path / "trials/0000"
    write_evaluation(folder, [f"Anthurium andraeanum var. purpureum {index}" for index in range(20)])
    (folder / "best.safetensors").write_bytes(b"weights")
    files = write_trial_artifacts(history, history.trials[0], tmp_path, {"seed": 0, "train": {"epochs": 40}}, {"threads": 2})
    assert {file.removeprefix("trials/0000/") for file in files} == {
        "config.yaml",
        "overrides.txt",
        "environment.json",
        "learning_curve.png",
        "confusion_matrix.png",
        "per_class.csv",
        "best.safetensors",
    }
    assert_all_there(tmp_path, files)
    assert yaml.safe_load((folder / "config.yaml").read_text()) == {"seed": 0, "train": {"epochs": 40}}
    assert json.loads((folder / "environment.json").read_text()) == {"threads": 2}
    assert (folder / "overrides.txt").read_text().splitlines()[:3] == ["model=mnv3_small", "data=plants", "optimizer.lr=0.001"]


def test_what_to_type_for_a_trial_has_its_values_instead_of_the_space(new_study, tmp_path):
    overrides = ["data=plants", "+space.model.width_mult.low=0.5", "~space.x", "+space={a: 1}", "seed=3"]
    history = new_study(overrides=overrides).trial(0).history()
    write_trial_artifacts(history, history.trials[0], tmp_path, {}, {})
    typed = (tmp_path / "trials/0000/overrides.txt").read_text().splitlines()
    assert typed[:3] == ["data=plants", "seed=3", "optimizer.lr=0.001"]


def test_a_trial_that_never_had_an_epoch_has_no_figures(new_study, tmp_path):
    history = new_study().trial(0, upto=0, outcome=JobOutcome.failed, reason="out of memory").history()
    files = write_trial_artifacts(history, history.trials[0], tmp_path, {}, {})
    assert [file.rpartition("/")[2] for file in files] == ["config.yaml", "overrides.txt", "environment.json"]


@pytest.mark.parametrize("classes", [["a$b$", "$x", "雏菊", "a_b^c"], [f"c{index}" for index in range(102)], ["only"]])
def test_class_names_and_numbers_of_all_kinds_are_drawn(new_study, write_evaluation, tmp_path, classes):
    history = new_study(study="mnv3_small-a$b$-tiny-00000000").trial(0, epochs=1, rungs=[1]).history()
    write_evaluation(tmp_path / "trials/0000", classes)
    assert_all_there(tmp_path, write_trial_artifacts(history, history.trials[0], tmp_path, {}, {}))


def test_names_that_are_no_unicode_are_shown_escaped(new_study, write_evaluation, tmp_path):
    root, name = "/pictures/caf\udce9", "f\udcf6hre"
    changes = {"root": root, "overrides": [f"data.root={root}"], "weights": f"{name}.pt", "classes": [name, "oak"]}
    history = new_study(**changes).trial(0).history()
    folder = tmp_path / "trials/0000"
    write_evaluation(folder, changes["classes"])
    config = {"data": {"root": root}}
    assert_all_there(tmp_path, write_trial_artifacts(history, history.trials[0], tmp_path, config, {"gpu": name}))
    files, text = write_study_artifacts(history, tmp_path)
    assert_all_there(tmp_path, files)
    assert r"data.root=/pictures/caf\udce9" in (folder / "overrides.txt").read_text().splitlines()
    assert r"f\udcf6hre" in (folder / "per_class.csv").read_text()
    assert yaml.safe_load((folder / "config.yaml").read_text()) == config
    assert r"caf\\udce9" in text and r"f\\udcf6hre" in text


def test_the_same_figure_is_the_same_file(new_asha_study):
    from sweep.analysis.figures.rungs import draw_rung_curves, rung_curves

    history = new_asha_study().history()
    first, second = (png(draw_rung_curves(rung_curves(history))) for _ in range(2))
    assert first == second
    with Image.open(io.BytesIO(first)) as picture:
        assert picture.format == "PNG" and "Software" not in picture.info
