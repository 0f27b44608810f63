"""On real photographs with real pretrained weights, where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sweep.driver.shelf import read_study
from tests.commands.program import Program

PHOTOS, WEIGHTS = os.environ.get("SWEEP_PHOTOS"), os.environ.get("SWEEP_WEIGHTS")


@pytest.mark.slow
@pytest.mark.skipif(not (PHOTOS and WEIGHTS), reason="SWEEP_PHOTOS and SWEEP_WEIGHTS name no photographs and weights")
def test_two_epochs_of_fine_tuning_are_far_above_chance_and_what_was_used_is_on_record(program: Program) -> None:
    weights = Path(str(WEIGHTS)) / "mobilenet_v3_small_imagenet.pth"
    done = program.run(
        "train",
        "data=folder",
        f"data.root={PHOTOS}/proto5",
        f"model.weights={weights}",
        "data.image_size=64",
        "train.epochs=2",
        "tracking=none",
        "execution=inline",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    history = read_study(program.study_folder())
    assert history.trials[0].value_at(2) > 0.4  # five classes
    assert history.opened.weights["source"] == weights.name
    assert history.opened.regime == "small"
