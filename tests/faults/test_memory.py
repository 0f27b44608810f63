"""A worker that the system kills because memory ran out: a real one, in a control group that allows it little."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.execution import Died, Ended, Job, JobResult, Message
from sweep.execution.job_function import Notice, Pulse, Report, ShouldStop
from sweep.execution.local_workers import LocalWorkers
from sweep.journal.events import JobOutcome

_GROUPS = Path("/sys/fs/cgroup")
_LIMIT_MB = 100


@pytest.fixture
def tight_group() -> Iterator[Path]:
    """A control group whose processes have 100 MB."""
    is_old = (_GROUPS / "memory").is_dir()
    group = (_GROUPS / "memory" if is_old else _GROUPS) / f"sweep-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / ("memory.limit_in_bytes" if is_old else "memory.max")).write_text(str(_LIMIT_MB * 10**6))
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"no control group can be made here: {error}")
    yield group
    deadline = time.monotonic() + 5
    while (group / "cgroup.procs").read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    group.rmdir()


def run_job(job: Job, report: Report, notice: Notice, should_stop: ShouldStop, pulse: Pulse) -> JobResult:
    """Takes as many MB as the payload says, in the group that it names."""
    Path(job.payload["group"], "cgroup.procs").write_text(str(os.getpid()))
    held = [b"x" * 10**6 for _ in range(job.payload["mb"])]
    return JobResult(outcome=JobOutcome.reached, epoch=job.last_epoch, reason=f"held {len(held)} MB")


def test_a_worker_that_takes_more_memory_than_there_is_is_lost_by_name_and_the_next_job_runs(
    tmp_path: Path, tight_group: Path
) -> None:
    messages: list[Message] = []
    with LocalWorkers(f"{__name__}:run_job", log_folder=tmp_path, workers=1, threads=1) as executor:
        for trial, num_mb in enumerate((2 * _LIMIT_MB, 1)):
            payload = {"group": str(tight_group), "mb": num_mb}
            executor.submit(Job(trial=trial, replicate=0, attempt=0, last_epoch=1, payload=payload))
            while executor.busy:
                executor.wait(messages.append, timeout_s=20.0)
    died, ended = messages
    assert isinstance(died, Died) and isinstance(ended, Ended)
    assert died.reason == "the worker was killed by signal 9 (SIGKILL), probably because memory ran out"
    assert ended.result.outcome is JobOutcome.reached
