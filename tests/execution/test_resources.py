from __future__ import annotations

import os
from pathlib import Path

import pytest

from sweep.config import Auto
from sweep.execution.resources import Resources, available_cores, available_memory_gb, plan_workers

auto = Auto.auto


@pytest.mark.parametrize(
    ("workers", "threads", "cores", "memory_gb", "expected"),
    [
        (auto, auto, 8, 64.0, (8, 1)),
        (auto, auto, 1, 64.0, (1, 1)),
        (auto, auto, 8, 10.0, (3, 1)),
        (auto, auto, 8, 1.0, (1, 1)),
        (auto, 3, 8, 64.0, (2, 3)),
        (auto, 16, 8, 64.0, (1, 16)),
        (3, auto, 8, 64.0, (3, 2)),
        (16, auto, 8, 64.0, (16, 1)),
        (16, 4, 8, 64.0, (16, 4)),
    ],
)
def test_cores_are_shared(
    workers: int | Auto, threads: int | Auto, cores: int, memory_gb: float, expected: tuple[int, int]
) -> None:
    assert plan_workers(workers, threads, "cpu", Resources(cores, memory_gb), 3.0) == expected


@pytest.mark.parametrize(
    ("device", "num_gpus", "workers", "expected"),
    [
        ("cuda", 4, auto, (4, 4)),
        ("cuda", 1, auto, (1, 16)),
        ("cuda", 1, 2, (2, 8)),
        ("cuda", 32, auto, (32, 1)),
        ("mps", 0, auto, (1, 16)),
    ],
)
def test_gpus_have_one_worker_each(device: str, num_gpus: int, workers: int | Auto, expected: tuple[int, int]) -> None:
    assert plan_workers(workers, auto, device, Resources(16, 64.0, num_gpus), 3.0) == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not bind processes to cores")
def test_only_the_cores_of_the_affinity_count() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert available_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(("limit", "expected"), [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None)])
def test_a_containers_share_of_processor_time_counts(limit: str, expected: int | None, tmp_path: Path) -> None:
    unlimited = available_cores(tmp_path)
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert available_cores(tmp_path) == (unlimited if expected is None else expected)


def test_a_containers_memory_counts(tmp_path: Path) -> None:
    unlimited = available_memory_gb(tmp_path)
    (tmp_path / "memory.max").write_text(f"{2**29}\n")
    assert available_memory_gb(tmp_path) == 0.5 < unlimited
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory_gb(tmp_path) == unlimited
