"""From the command line to typed parts, and what a mistake there gets."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

import pytest
import yaml

from sweep.config import Config, ModelLibrary, OptimizerName, Regime, StrategyName
from sweep.config.fields import leaf_paths
from sweep.config.load import compose
from sweep.config.places import settings_root
from sweep.config.space import merge_spaces
from sweep.errors import ConfigError


def test_the_main_job_composes_with_a_sheet_for_every_regime() -> None:
    (composed,) = compose(["model=mnv3_small", "data=plants"])
    assert composed.config.data.name == "plants"
    assert set(composed.sheets) == set(Regime)
    assert composed.named == frozenset()


def test_what_the_command_line_fixes_is_known_by_path() -> None:
    (composed,) = compose(
        ["optimizer=sgd", "optimizer.lr=3e-3", "augment=light", "+space.train.label_smoothing={low: 0, high: 0.2}", "seed=4"]
    )
    assert composed.config.optimizer.name is OptimizerName.sgd
    assert composed.config.optimizer.lr == 3e-3
    assert composed.config.space == {"train": {"label_smoothing": {"low": 0, "high": 0.2}}}
    assert composed.named == {"optimizer.lr", "augment", "seed"}


def test_multirun_gives_one_study_per_combination(tmp_path: Path) -> None:
    jobs = compose(["--multirun", "search=asha,full", "seed=1,2", f"output_dir={tmp_path}"])
    assert [(job.config.search.strategy, job.config.seed) for job in jobs] == [
        (StrategyName.asha, 1),
        (StrategyName.asha, 2),
        (StrategyName.full, 1),
        (StrategyName.full, 2),
    ]


@pytest.mark.parametrize("flags", [["--help"], ["--cfg", "job"], ["--cfg", "job", "--package", "model"]])
def test_hydras_own_words_still_work(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert compose(flags) == []
    assert "mnv3_small" in capsys.readouterr().out


@pytest.mark.parametrize(
    "root", ["~/pics", "café (1)", "a=b,c", "it's", 'say "cheese"', "back\\slash\\", "[x]", "{y: 1}", "pics,more", "ends'\\"]
)
def test_a_folder_may_have_any_name(root: str) -> None:
    (composed,) = compose(["data=folder", f"data.root={root}"])
    assert composed.config.data.root == root
    assert composed.overrides == ("data=folder", f"data.root={root}")


def test_a_list_of_folders_may_hold_any_names() -> None:
    (composed,) = compose(["data=folder", "data.root=pics", "data.extra_roots=[~/more pics, 'a,b', café (1)]"])
    assert composed.config.data.extra_roots == ("~/more pics", "a,b", "café (1)")


GROUPS = [
    [f"{path.parent.name}={path.stem}" for path in sorted(folder.glob("*.yaml"))]
    for folder in sorted((settings_root() / "conf").iterdir())
    if folder.is_dir()
]
NEEDED = {"model=timm": ["model.name=resnet10t"]}
"""What a choice cannot do without."""


TURNS = list(zip_longest(*GROUPS))
"""One choice of each group at a time: so many turns as the largest group has meet them all."""


@pytest.mark.parametrize("chosen", TURNS)
def test_every_choice_composes(chosen: tuple[str | None, ...]) -> None:
    choices = [choice for choice in chosen if choice is not None]
    needed = [override for choice in choices for override in NEEDED.get(choice, [])]
    (composed,) = compose([*choices, *needed])
    assert composed.overrides == (*choices, *needed)


def test_the_network_of_another_library_needs_its_name() -> None:
    with pytest.raises(ConfigError, match="model.name has no value"):
        compose(["model=timm"])
    (composed,) = compose(["model=timm", "model.name=resnet10t"])
    assert (composed.config.model.library, composed.config.model.name) == (ModelLibrary.timm, "resnet10t")


@pytest.mark.parametrize("regime", [regime.value for regime in Regime])
def test_every_sheet_of_sweeps_can_be_forced(regime: str) -> None:
    (composed,) = compose([f"regime={regime}"])
    assert composed.config.regime == regime
    assert merge_spaces(composed.sheets[Regime(regime)]["space"], {})


def test_every_setting_of_the_types_stands_in_the_yaml_and_the_other_way_round() -> None:
    (composed,) = compose([])
    shown = yaml.safe_load((settings_root() / "conf" / "sweep.yaml").read_text())
    top = {key for key in shown if key not in ("defaults", "hydra")}
    groups = {folder.name for folder in (settings_root() / "conf").iterdir() if folder.is_dir()}
    assert {path.partition(".")[0] for path in leaf_paths(Config)} == top | groups
    assert composed.config.seed == shown["seed"]
