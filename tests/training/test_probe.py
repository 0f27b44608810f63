from __future__ import annotations

import dataclasses

import pytest
import torch

from sweep.config import Config, DataConfig, Device, ModelConfig, ModelName, Precision, TrainConfig
from sweep.errors import ConfigError
from sweep.training.machine import Machine
from sweep.training.probe import probe


def config_of(device=Device.cpu, **train):
    return Config(
        model=ModelConfig(name=ModelName.mnv3_small), data=DataConfig(image_size=32), device=device, train=TrainConfig(**train)
    )


@dataclasses.dataclass
class FakeStep:
    """A device that refuses more than `capacity` pictures, and whose step takes as long as is said here."""

    contiguous_s: float = 0.02
    channels_last_s: float = 0.02
    bfloat16_s: float = 0.02
    capacity: int = 10_000
    refused: list[int] = dataclasses.field(default_factory=list)
    timed: list[tuple[Machine, int]] = dataclasses.field(default_factory=list)
    freed: bool = False

    def run(self, machine, num_pictures):
        self.freed = False
        if num_pictures > self.capacity:
            self.refused.append(num_pictures)
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    def time_s(self, machine, num_pictures):
        self.run(machine, num_pictures)
        self.timed.append((machine, num_pictures))
        if machine.dtype == "bfloat16":
            return self.bfloat16_s
        return self.channels_last_s if machine.channels_last else self.contiguous_s

    def free(self, machine):
        self.freed = True


@pytest.fixture
def probe_with(monkeypatch):
    """(fake step, device, settings of train) → the machine that is found on such a device."""

    def run(step, device="cuda", knows_bf16=True, largest_batch=None, **train):
        monkeypatch.setattr("sweep.training.probe._Step", lambda config, num_classes: step)
        monkeypatch.setattr("sweep.training.probe.choose_device", lambda choice: device)
        monkeypatch.setattr("sweep.training.probe.knows_bf16", lambda device: knows_bf16)
        return probe(config_of(**{"batch_size": 64} | train), 3, 1, largest_batch)

    return run


def test_a_real_probe_keeps_the_device_and_the_threads_that_are_asked_for():
    machine = probe(config_of(precision=Precision.fp32), num_classes=3, threads=1)
    assert (machine.device, machine.threads, machine.dtype, machine.micro_batch) == ("cpu", 1, "float32", None)


def test_the_batch_is_halved_until_the_device_takes_it_and_its_memory_is_given_back(probe_with):
    step = FakeStep(capacity=20)
    assert probe_with(step).micro_batch == 16
    assert step.refused == [64, 32]
    assert step.freed


def test_a_batch_that_fits_goes_whole(probe_with):
    assert probe_with(FakeStep(capacity=64)).micro_batch is None


def test_the_largest_batch_of_the_study_has_to_fit(probe_with):
    assert probe_with(FakeStep(capacity=64), largest_batch=128).micro_batch == 64


def test_a_micro_batch_that_is_named_is_not_tried(probe_with):
    step = FakeStep(capacity=20)
    assert probe_with(step, micro_batch=8).micro_batch == 8
    assert step.refused == []


def test_a_micro_batch_that_is_named_and_too_large_is_left_for_the_trials_to_fail_with(probe_with):
    assert probe_with(FakeStep(capacity=4), micro_batch=8) == Machine("cuda", 1, channels_last=True, micro_batch=8)


def test_a_cpu_is_never_driven_out_of_memory(probe_with):
    step = FakeStep(capacity=20)
    assert probe_with(step, device="cpu", largest_batch=4096).micro_batch is None
    assert step.refused == []
    assert max(num_pictures for _, num_pictures in step.timed) <= 8


@pytest.mark.parametrize(("contiguous_s", "expected"), [(0.02, True), (0.017, True), (0.015, False)])
def test_channels_last_stands_unless_the_other_is_clearly_faster(probe_with, contiguous_s, expected):
    assert probe_with(FakeStep(contiguous_s=contiguous_s)).channels_last == expected


@pytest.mark.parametrize(("bfloat16_s", "expected"), [(0.02, "float32"), (0.017, "float32"), (0.015, "bfloat16")])
def test_bfloat16_is_taken_only_where_it_is_clearly_faster(probe_with, bfloat16_s, expected):
    assert probe_with(FakeStep(bfloat16_s=bfloat16_s)).dtype == expected


def test_bfloat16_is_compared_in_the_memory_format_that_won(probe_with):
    step = FakeStep(contiguous_s=0.01, bfloat16_s=0.001)
    assert probe_with(step) == Machine("cuda", 1, channels_last=False, dtype="bfloat16")
    assert not any(machine.channels_last for machine, _ in step.timed if machine.dtype == "bfloat16")


@pytest.mark.parametrize(("precision", "expected"), [(Precision.fp32, "float32"), (Precision.bf16, "bfloat16")])
def test_a_precision_that_is_named_is_not_compared(probe_with, precision, expected):
    step = FakeStep(bfloat16_s=0.001)
    assert probe_with(step, precision=precision).dtype == expected
    assert {machine.dtype for machine, _ in step.timed} == {expected}


def test_bfloat16_is_not_tried_where_it_would_be_imitated_and_refused_where_it_is_named(probe_with):
    step = FakeStep(bfloat16_s=0.001)
    assert probe_with(step, knows_bf16=False).dtype == "float32"
    with pytest.raises(ConfigError, match=r"train.precision=bf16: cuda .*train.precision=auto"):
        probe_with(step, knows_bf16=False, precision=Precision.bf16)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_where_a_step_takes_long_the_usual_choice_stands_untried(probe_with, device):
    step = FakeStep(contiguous_s=1.0, channels_last_s=2.0, bfloat16_s=0.1)
    assert probe_with(step, device=device) == Machine(device, 1, channels_last=True)
    assert len(step.timed) == 1
    assert device == "cuda" or step.timed[0][1] == 2
