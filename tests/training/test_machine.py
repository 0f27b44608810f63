from __future__ import annotations

import json

import pytest
import torch

from sweep.config import Config, DataConfig, Device, ModelConfig, ModelName
from sweep.errors import ConfigError
from sweep.training.machine import Machine, choose_device, use_machine
from sweep.training.probe import probe


def test_it_survives_the_way_through_json():
    machine = Machine("cpu", 2, channels_last=True)
    assert Machine.from_plain(json.loads(json.dumps(machine.to_plain()))) == machine


def test_using_it_sets_threads_and_determinism():
    use_machine(Machine("cpu", 1, channels_last=False))
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there_is_refused_and_auto_finds_another():
    with pytest.raises(ConfigError, match=r"device=cuda is not available here.*cpu"):
        choose_device(Device.cuda)
    assert choose_device(Device.auto) in ("cpu", "mps")


def test_the_probe_keeps_the_threads_that_are_asked_for():
    config = Config(
        model=ModelConfig(name=ModelName.mnv3_small),
        data=DataConfig(image_size=32),
        device=Device.cpu,
    )
    machine = probe(config, num_classes=3, threads=1)
    assert (machine.device, machine.threads) == ("cpu", 1)
