"""A command line or a settings file from a stranger: nothing in it is run, fetched or written; the canary is never born."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from sweep.__main__ import main
from sweep.config.load import compose
from sweep.errors import EXIT_USER_INPUT, ConfigError

OVERRIDES = [
    "+model._target_=os.mkdir",
    "+optimizer={_target_: os.mkdir, path: canary}",
    "+data.recommended={_target_: os.mkdir, path: canary}",
    "+space.optimizer.lr={_target_: os.mkdir, path: canary}",
    "++train._target_=sweep.__main__.main",
    "+hydra.callbacks.evil={_target_: os.mkdir, path: canary}",
    "hydra.sweeper._target_=os.mkdir",
    "hydra.launcher={_target_: os.mkdir, path: canary}",
    "+hydra.job_logging.handlers.evil={(): os.mkdir, path: canary}",
    "hydra/job_logging=default",
    "hydra.run.dir=canary",
    "hydra.job.chdir=true",
    "hydra.searchpath=[file:///tmp]",
    " hydra.run.dir=canary",
    "+model@hydra.callbacks.evil=mnv3_small",
    "--experimental-rerun=rerun.pickle",
    "--config-path=elsewhere",
    "--config-name=elsewhere",
    "data.name=${oc.env:PATH}",
    "data.name=${${x}:PATH}",
    "seed=${oc.decode:'1'}",
    "data.root=${hydra:runtime.cwd}",
    "data.name=${now:%Y}",
]


@pytest.fixture
def refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The program's one line of refusal, after which nothing but `given` is in the working folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        before = sorted(tmp_path.rglob("*"))
        assert main(list(arguments)) == EXIT_USER_INPUT
        shown = capsys.readouterr()
        assert shown.err.startswith("error: ") and shown.err.count("\n") == 1 and "Traceback" not in shown.err
        assert sorted(tmp_path.rglob("*")) == before
        return shown.err

    return run


@pytest.mark.parametrize("override", OVERRIDES)
def test_an_override_that_would_run_or_fetch_something_is_refused(refuse: Callable[..., str], override: str) -> None:
    assert "data.root is missing" not in refuse(override, "data=folder")  # it would be next


def test_a_pickled_configuration_is_not_opened(refuse: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "config.pickle").write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    assert "there is no flag" in refuse("--experimental-rerun", str(tmp_path / "config.pickle"))
    assert "there is no flag" in refuse("--experimental-r", str(tmp_path / "config.pickle"))


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.mkdir, (self.path,))


FILES = {
    "a YAML tag": ("data", "name: !!python/object/apply:os.mkdir [canary]\n", "line 1 of "),
    "a YAML tag of a module": ("data", "name: !!python/module:antigravity x\n", "could not determine a constructor"),
    "a YAML path": ("data", "defaults: [folder, _self_]\nname: !!python/object/apply:pathlib.Path [x]\n", "data.name"),
    "a target": ("model", "defaults: [mnv3_small, _self_]\n_target_: os.mkdir\npath: canary\n", "'model._target_'"),
    "a callback": ("data", "# @package hydra.callbacks.evil\n_target_: os.mkdir\npath: canary\n", "nothing is started"),
    "a log handler": (
        "data",
        "# @package hydra.hydra_logging\nhandlers: {evil: {(): os.mkdir, path: canary}}\nroot: {handlers: [evil]}\n",
        "nothing is started",
    ),
    "a log handler's class": (
        "data",
        "# @package hydra.job_logging\nhandlers: {evil: {class: logging.FileHandler, filename: canary}}\n",
        "nothing is started",
    ),
    "the environment": ("data", "defaults: [folder, _self_]\nname: ${oc.env:HOME}\n", "another setting only"),
    "a zero byte": ("data", 'defaults: [folder, _self_]\nroot: "a\\0b"\n', "zero byte"),
    "a password": ("data", "defaults: [folder, _self_]\nroot: https://me:hunter2@pictures\n", "with a password"),
    "no YAML": ("data", "name: [1\n", "line 2 of "),
    "no text": ("data", "name: \udcff\udcfe\n", "not UTF-8"),
}


STARTED_BY_HYDRA = ("a callback", "a log handler", "a log handler's class")
VIEWS = ("--help", "--cfg=all", "--multirun")


@pytest.mark.parametrize(
    ("kind", "view"), [*((kind, None) for kind in FILES), *((kind, view) for kind in STARTED_BY_HYDRA for view in VIEWS)]
)
def test_a_settings_file_that_would_run_or_fetch_something_is_refused(
    refuse: Callable[..., str], tmp_path: Path, kind: str, view: str | None
) -> None:
    group, text, expected = FILES[kind]
    (tmp_path / "settings" / group).mkdir(parents=True)
    (tmp_path / "settings" / group / "theirs.yaml").write_bytes(text.encode(errors="surrogateescape"))
    line = refuse(f"--config-dir={tmp_path / 'settings'}", f"{group}=theirs", *([view] if view else []))
    assert expected in line and "hunter2" not in line


def test_settings_of_ones_own_are_welcome(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.yaml").write_text("defaults: [folder, _self_]\nname: mine-${.image_size}\nimage_size: 64\n")
    (composed,) = compose(["--config-dir", str(tmp_path), "data=mine", "seed=${data.image_size}"])
    assert (composed.config.data.name, composed.config.seed) == ("mine-64", 64)
    with pytest.raises(ConfigError, match="is not a folder"):
        compose(["--config-dir", str(tmp_path / "nowhere")])
