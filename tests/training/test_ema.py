from __future__ import annotations

import pytest
import torch
from torch import nn

from sweep.training.ema import MovingAverage


def averages(values, decay):
    """The average after each step, of a parameter that begins at 0 and then takes these values."""
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = MovingAverage(network, decay)
    for step, value in enumerate(values):
        nn.init.constant_(network.weight, value)
        average.update(step)
        yield average.network.weight.item()


def test_it_is_the_exponential_moving_average():
    expected, average = [], 0.0
    for value in (1.0, 2.0, -1.0, 5.0):
        average = 0.1 * average + 0.9 * value  # never more than what the first step has, 1/10
        expected.append(average)
    assert list(averages((1.0, 2.0, -1.0, 5.0), 0.1)) == pytest.approx(expected)


def test_at_first_it_forgets_sooner_so_that_a_short_training_is_not_ruled_by_its_start():
    assert list(averages([1.0] * 3, 0.999)) == pytest.approx([1 - 0.1, 1 - 0.1 * 2 / 11, 1 - 0.1 * 2 / 11 * 3 / 12])


def test_after_enough_steps_it_has_the_decay_that_was_asked_for():
    first, second = list(averages([0.0] * 200 + [1.0, 1.0], 0.9))[-2:]
    assert (first, second) == pytest.approx((0.1, 0.19))


def test_running_statistics_are_averaged_and_counts_are_taken_over():
    network = nn.BatchNorm1d(2)
    average = MovingAverage(network, 0.5)
    network(torch.randn(8, 2) + 3)
    average.update(100)
    assert torch.allclose(average.network.running_mean, network.running_mean / 2)
    assert average.network.num_batches_tracked == 1


def test_it_follows_a_network_that_is_trained_and_gives_nothing_back():
    network = nn.Linear(2, 2)
    average = MovingAverage(network, 0.5)
    network(torch.ones(1, 2)).sum().backward()
    torch.optim.SGD(network.parameters(), lr=1.0).step()
    before = network.weight.detach().clone()
    average.update(0)
    assert torch.equal(network.weight, before)
    assert not torch.equal(average.network.weight, before)
    assert not any(parameter.requires_grad for parameter in average.network.parameters())
