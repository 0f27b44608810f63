from __future__ import annotations

import os
import subprocess
import sys
from itertools import product

import pytest

from sweep.config.seeds import derive_seed


@pytest.mark.parametrize(
    ("seed", "purpose", "expected"),
    [
        (0, (), 3696793467068528757),
        (7, ("trial", 3, "epoch", 2, "dropout"), 5822156963449603587),
        (2**63 - 1, ("x",), 3537428352679794448),
    ],
)
def test_seeds_never_change(seed: int, purpose: tuple[str | int, ...], expected: int) -> None:
    """Every recorded trial was trained with these: another number here makes all of them impossible to repeat."""
    assert derive_seed(seed, *purpose) == expected


def test_seeds_are_the_same_in_every_process() -> None:
    code = "from sweep.config.seeds import derive_seed; print(derive_seed(7, 'split'))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path)}
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env=environment | {"PYTHONHASHSEED": salt}, capture_output=True, check=True
        ).stdout
        for salt in ("1", "2")
    }
    assert told == {f"{derive_seed(7, 'split')}\n".encode()}


def test_every_purpose_has_its_own_seed() -> None:
    purposes = [*product(range(5), ("trial", "replicate"), range(20), ("epoch",), range(20))]
    assert len({derive_seed(*purpose) for purpose in purposes}) == len(purposes)


def test_purposes_that_look_alike_are_told_apart() -> None:
    alike: list[tuple[str | int, ...]] = [
        ("2",),
        (2,),
        ("2", ""),
        ("", "2"),
        ("trial1", 2),
        ("trial", 12),
        ("2 ",),
        ("12",),
        (True,),
    ]
    assert len({derive_seed(1, *purpose) for purpose in alike}) == len(alike)


def test_seeds_fit_every_generator() -> None:
    seeds = [derive_seed(0, number) for number in range(2000)]
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert max(seeds) > 2**62 > min(seeds)
