"""A disk that is full, of which the sweep says how full, and on which it goes on when there is room again."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.audit import audit, results, wait_for_epochs
from tests.faults.noop import Script
from tests.faults.nursery import Nursery

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[Path], Path]]:
    """Mounts a disk of 2 MB at a path."""
    mounted: list[Path] = []

    def mount(at: Path) -> Path:
        at.mkdir(parents=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(at)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("a disk of one's own takes the right to mount one")
        mounted.append(at)
        return at

    yield mount
    for at in mounted:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path, left_kb: int) -> Path:
    """A file that leaves `left_kb` free."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    with open(ballast, "r+b") as file:
        file.truncate(max(0, ballast.stat().st_size - left_kb * 1024))
    return ballast


@pytest.mark.parametrize("left_kb", [8, 24, 60])
def test_a_disk_that_fills_up_under_the_study_ends_the_sweep_in_one_line_and_nothing_is_harmed(
    nursery: Nursery, unbroken: Path, tmp_path: Path, small_disk: Callable[[Path], Path], left_kb: int
) -> None:
    disk = small_disk(tmp_path / "outputs")
    driver = nursery.start(tmp_path, "tracking.optuna=false", script=Script(epoch_s=0.05))
    wait_for_epochs(tmp_path, 2)
    ballast = fill(disk, left_kb)
    assert driver.wait() == 2
    errors = [line for line in driver.output().splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert re.search(r"error: /?\S*outputs/\S+: No space left on device \(0\.\d MB free\) — ", errors[0])
    assert "Traceback" not in driver.output()
    ballast.unlink()
    status, output = nursery.run(tmp_path)
    assert status == 0, output
    assert not audit(tmp_path), audit(tmp_path)
    assert results(tmp_path) == results(unbroken)


def test_stores_without_room_wait_and_the_sweep_goes_on(
    nursery: Nursery, unbroken: Path, tmp_path: Path, small_disk: Callable[[Path], Path]
) -> None:
    disk = small_disk(tmp_path / "store")
    address = {"MLFLOW_TRACKING_URI": f"sqlite:///{disk}/mlflow.db"}
    ballast = fill(disk, left_kb=0)
    status, output = nursery.run(tmp_path, "tracking.flush_timeout_s=1", **address)
    assert status == 0, output
    assert re.search(r"The search goes on without MLflow, and its events wait", output)
    assert results(tmp_path) == results(unbroken)
    ballast.unlink()
    status, output = nursery.run(tmp_path, **address)
    assert status == 0, output
    (tmp_path / "mlflow.db").unlink(missing_ok=True)
    (tmp_path / "mlflow.db").symlink_to(disk / "mlflow.db")
    assert not audit(tmp_path), audit(tmp_path)


def test_a_disk_that_may_not_be_written_to_is_refused_before_the_first_trial(
    nursery: Nursery, tmp_path: Path, small_disk: Callable[[Path], Path]
) -> None:
    disk = small_disk(tmp_path / "outputs")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    status, output = nursery.run(tmp_path)
    assert status == 2
    assert "outputs cannot be written to (Read-only file system) — choose another folder with output_dir=DIR" in output
    assert not list(disk.iterdir())
