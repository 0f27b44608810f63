from __future__ import annotations

import pytest

from sweep.config import AugmentConfig, FinetuneConfig, Objective, OptimizerConfig, ScheduleConfig, TrainConfig


@pytest.mark.parametrize(
    "changed",
    [
        {"objective": Objective.loss},
        {"optimizer": OptimizerConfig(nesterov=False)},
        {"schedule": ScheduleConfig(patience=6)},
        {"finetune": FinetuneConfig(top_share=0.5)},
        {"train": TrainConfig(ema_decay=0.9)},
        {"augment": AugmentConfig(cutmix=0.5)},
        {"channels_last": False},
        {"trial": 1},
        {"replicate": 1},
    ],
    ids=str,
)
def test_a_checkpoint_belongs_to_the_settings_that_it_was_trained_with(make_setup, dataset, changed):
    parts = {"train": TrainConfig()} | changed
    assert make_setup(train=TrainConfig()).key(dataset) != make_setup(**parts).key(dataset)


def test_it_does_not_hang_on_the_folder(make_setup, dataset):
    assert make_setup(folder="here").key(dataset) == make_setup(folder="there").key(dataset)
