"""How many workers there are, and how much each takes at once, follows from the network's memory."""

from __future__ import annotations

import pytest

from sweep.config import Config
from sweep.config.fields import build, with_values
from sweep.config.space import Choices, FloatRange, IntRange
from sweep.driver.sharing import bounded_by_memory, largest_batch, share_machine
from sweep.execution.resources import Resources
from sweep.models.network import NetworkSize
from sweep.training.machine import Machine

CONFIG = build(Config, {"model": {"name": "mnv3_small"}, "data": {}, "device": "cpu", "train": {"batch_size": 48}})
SMALL = NetworkSize(1_500_000, size_mb=6.0, picture_mb=20.0)
LARGE = NetworkSize(86_000_000, size_mb=346.0, picture_mb=311.0)


@pytest.fixture(autouse=True)
def machine_of_16_gb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Resources, "of_this_machine", lambda num_gpus=0: Resources(cores=8, memory_gb=16.0, num_gpus=num_gpus))


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        ({}, 48),
        ({"optimizer.lr": FloatRange(1e-4, 1e-2)}, 48),
        ({"train.batch_size": Choices((16, 64, 32))}, 64),
        ({"train.batch_size": IntRange(8, 96)}, 96),
    ],
    ids=str,
)
def test_the_largest_batch_is_that_of_all_trials(space: dict[str, FloatRange | IntRange | Choices], expected: int) -> None:
    assert largest_batch(CONFIG, space) == expected


def test_a_large_network_has_fewer_workers() -> None:
    assert share_machine(CONFIG, SMALL, 32) == (8, 1)
    assert share_machine(CONFIG, LARGE, 32) == (1, 1)
    assert share_machine(with_values(CONFIG, {"execution.workers": 3}), LARGE, 32).workers == 3


def test_a_batch_that_the_memory_does_not_hold_goes_through_in_parts() -> None:
    machine = Machine("cpu", threads=1, channels_last=True)
    assert bounded_by_memory(machine, SMALL, 128) == machine
    bounded = bounded_by_memory(machine, LARGE, 128).micro_batch
    assert bounded is not None and LARGE.training_gb(bounded) <= 0.9 * 16 < LARGE.training_gb(bounded + 1)


def test_what_was_found_or_named_before_stands() -> None:
    named = Machine("cpu", threads=1, channels_last=True, micro_batch=100)
    assert bounded_by_memory(named, LARGE, 128) == named
    on_gpu = Machine("cuda", threads=1, channels_last=True)
    assert bounded_by_memory(on_gpu, LARGE, 128) == on_gpu
