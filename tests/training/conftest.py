from __future__ import annotations

import pytest
from tests.training.small_trial import make_dataset, make_trial, use_plain_network

from sweep.data.dataset import Dataset
from sweep.training.setup import TrialSetup


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return make_dataset()


@pytest.fixture
def make_setup(tmp_path):
    """(settings by name of a part, machine, trial) → a trial in a folder of its own."""

    def make(*, folder="trial", **settings) -> TrialSetup:
        return make_trial(tmp_path / folder, **settings)

    return make


@pytest.fixture
def plain_network(monkeypatch):
    """Trials train a convolution and a linear layer, in milliseconds: no BatchNorm, no dropout."""
    use_plain_network(monkeypatch.setattr)
