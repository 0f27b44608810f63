from __future__ import annotations

import pytest

from sweep.config import Config, DataConfig, FinetuneConfig, FinetuneStrategy, ModelConfig, ModelName, Objective, TrainConfig
from sweep.training.early_stopping import ends_early
from sweep.training.progress import EpochReport

FULL = FinetuneConfig()


def ends_after(values, patience, objective=Objective.accuracy, epochs=20, finetune=FULL):
    """The first epoch after which a trial with these values of its objective ends early."""
    train = TrainConfig(epochs=epochs, early_stopping=patience)
    config = Config(
        model=ModelConfig(name=ModelName.mnv3_small), data=DataConfig(), train=train, objective=objective, finetune=finetune
    )
    reports = [EpochReport(epoch, {f"val/{objective}": value}, {}) for epoch, value in enumerate(values, 1)]
    return next((epoch for epoch in range(len(reports) + 1) if ends_early(config, reports[:epoch])), None)


def test_it_ends_after_so_many_epochs_without_a_better_objective():
    assert ends_after([0.1, 0.5, 0.4, 0.5, 0.3, 0.9], patience=3) == 5
    assert ends_after([0.1, 0.1], patience=1) == 2


def test_a_better_epoch_in_time_lets_it_go_on():
    assert ends_after([0.1, 0.5, 0.4, 0.4, 0.6, 0.5, 0.5], patience=3) is None


def test_of_a_loss_the_lower_one_is_better():
    assert ends_after([3, 2, 1, 1.5, 1.2], patience=2, objective=Objective.loss) == 5


@pytest.mark.parametrize("patience", [None, 5])
def test_without_a_patience_or_within_it_nothing_ends(patience):
    assert ends_after([0.5, 0.4, 0.3, 0.2], patience) is None


def test_at_its_last_epoch_a_trial_ends_as_usual():
    assert ends_after([0.5, 0.4, 0.3], patience=2, epochs=3) is None


def test_before_the_top_blocks_are_unfrozen_nothing_is_waited_for_in_vain():
    gradual = FinetuneConfig(strategy=FinetuneStrategy.gradual, frozen_share=0.3)  # of 20 epochs the first 6
    assert ends_after([0.5] * 20, patience=3) == 4
    assert ends_after([0.5] * 20, patience=3, finetune=gradual) == 9
