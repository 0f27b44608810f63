"""Whatever the user got wrong, they get one line that says what to do, and exit code 2."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sweep.__main__ import main
from sweep.errors import EXIT_USER_INPUT
from tests.pictures import make_pictures


@pytest.fixture
def refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the program in this process and returns its one line of complaint."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*arguments: str) -> str:
        assert main(list(arguments)) == EXIT_USER_INPUT
        shown = capsys.readouterr().err
        assert shown.startswith("error: ") and shown.count("\n") == 1, shown
        assert not (tmp_path / "work" / "mlflow.db").exists(), "refused before anything is recorded"
        return shown

    return run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return make_pictures(tmp_path / "patterns", per_class=6)


def sweep(root: Path, *more: str) -> list[str]:
    return ["data=folder", f"data.root={root}", "model.weights=none", "data.image_size=32", *more]


def test_a_missing_root(refuse: Callable[..., str], tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere") in refuse(*sweep(tmp_path / "nowhere"))


def test_no_root_at_all(refuse: Callable[..., str]) -> None:
    assert "data.root" in refuse("data=folder")


def test_pictures_without_class_folders(refuse: Callable[..., str], tmp_path: Path, pictures: Path) -> None:
    assert "class" in refuse(*sweep(pictures / "rings"))


def test_a_truncated_picture_and_a_web_page_are_listed_with_their_reasons(refuse: Callable[..., str], pictures: Path) -> None:
    whole = (pictures / "rings" / "00.jpg").read_bytes()
    (pictures / "rings" / "00.jpg").write_bytes(whole[: len(whole) // 2])
    (pictures / "checks" / "page.jpg").write_text("<!doctype html><title>404</title>")
    shown = refuse(*sweep(pictures))
    assert "rings/00.jpg" in shown and "checks/page.jpg" in shown and "data.on_unreadable=skip" in shown


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("+space.optimizer.lrr.low=1e-4", "optimizer.lr"),
        ("+space.optimizer.lr.low=-1", "optimizer.lr"),
        ("+space.model.dropout.high=1.5", "[0, 1)"),
        ("+space.train.epochs.low=90", "empty"),
        ("+space.optimizer.lr.hihg=1", "'high'"),
        ("+space.data.image_size.choices=[32,64]", "data.image_size"),
        ("+space.schedule.name.choices=[cosine,linear]", "linear"),
    ],
)
def test_a_space_that_the_configuration_does_not_allow(
    refuse: Callable[..., str], pictures: Path, argument: str, expected: str
) -> None:
    assert expected in refuse(*sweep(pictures, "regime=small", argument))


def test_a_weights_file_of_another_network(refuse: Callable[..., str], pictures: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"layer.weight": torch.zeros(3, 3)}, path)
    assert "another network" in refuse(*sweep(pictures), f"model.weights={path}")


def test_a_weights_file_with_code_is_refused_and_not_run(refuse: Callable[..., str], pictures: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Hostile:
        def __reduce__(self) -> tuple[object, ...]:
            return (os.mkdir, (str(canary),))

    path = tmp_path / "hostile.pth"
    path.write_bytes(pickle.dumps({"weight": Hostile()}))
    assert str(path) in refuse(*sweep(pictures), f"model.weights={path}")
    torch.save({"weight": Hostile()}, path)
    assert str(path) in refuse(*sweep(pictures), f"model.weights={path}")
    assert not canary.exists()


def test_an_output_folder_that_cannot_be_made(refuse: Callable[..., str], pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    shown = refuse(*sweep(pictures), f"output_dir={tmp_path / 'file' / 'outputs'}")
    assert "output_dir=" in shown


@pytest.mark.parametrize("word", ["topp", "reproduse"])
def test_a_misspelt_command(refuse: Callable[..., str], word: str) -> None:
    assert "did you mean" in refuse(word)


def test_a_study_that_is_not_there(refuse: Callable[..., str]) -> None:
    assert "there is no study" in refuse("top")
