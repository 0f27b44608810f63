from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.nursery import Nursery
from tests.pictures import make_pictures


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where drivers of noop sweeps come from."""
    folder = tmp_path_factory.mktemp("nursery")
    made = Nursery(make_pictures(folder / "pictures", per_class=8), folder / "cache")
    yield made
    made.close()


@pytest.fixture(scope="session")
def unbroken(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a sweep was left alone from its start to its end."""
    where = tmp_path_factory.mktemp("unbroken")
    status, output = nursery.run(where)
    assert status == 0, output
    return where
