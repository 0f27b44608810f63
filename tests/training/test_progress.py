from __future__ import annotations

from torch import nn

from sweep.training.evaluate import Evaluation
from sweep.training.progress import EpochReport, Progress

EVALUATION = Evaluation(1.0, 0.5, None, 0.4, [0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [1, 1], [[1, 0], [1, 0]])


def test_of_equal_epochs_the_later_one_is_best():
    progress = Progress()
    for epoch, score in enumerate((0.5, 0.7, 0.7, 0.6), 1):
        progress.add(EpochReport(epoch, {}, {}), EVALUATION, score, nn.Linear(1, 1))
    assert progress.best.epoch == 3


def test_the_best_weights_do_not_move_on_with_the_network():
    network = nn.Linear(1, 1)
    progress = Progress()
    progress.add(EpochReport(1, {}, {}), EVALUATION, 0.5, network)
    kept = network.weight.item()
    network.weight.data += 1
    assert progress.best.weights["weight"].item() == kept


def test_it_survives_the_way_through_plain_values():
    progress = Progress()
    assert Progress.from_plain(progress.to_plain()) == progress
    progress.add(EpochReport(1, {"val/loss": 0.5}, {"epoch_s": 1.0}), EVALUATION, 0.5, nn.Linear(1, 1))
    assert Progress.from_plain(progress.to_plain()) == progress
