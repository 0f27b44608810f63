from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from sweep.config import Device, Precision, TrainConfig
from sweep.errors import ConfigError
from sweep.training.machine import Machine, choose_device, use_machine


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


def test_what_the_trial_names_itself_counts_more_than_what_the_probe_found():
    found = Machine("cpu", 1, channels_last=False, dtype="bfloat16", micro_batch=8)
    assert found.under(TrainConfig()) == found
    assert found.under(TrainConfig(precision=Precision.fp32, micro_batch=4)) == Machine("cpu", 1, False, "float32", 4)
    assert Machine("cpu", 1, False).under(TrainConfig(precision=Precision.bf16)).dtype == "bfloat16"


def test_bfloat16_is_of_the_network_alone_and_what_comes_out_is_float32():
    torch.manual_seed(0)
    network, pictures = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(288, 4)), torch.rand(2, 3, 8, 8)
    exact = Machine("cpu", 1, False).forward(network, pictures)
    rounded = Machine("cpu", 1, False, dtype="bfloat16").forward(network, pictures)
    assert exact.dtype == rounded.dtype == next(network.parameters()).dtype == torch.float32
    assert not torch.equal(exact, rounded)
    assert torch.allclose(exact, rounded, atol=0.02)
    assert torch.equal(rounded, rounded.to(torch.bfloat16).float()), "eight bits of mantissa, and no more"
