"""What every executor promises the driver, run over each of them."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from sweep.errors import InternalError, WeightsError
from sweep.execution import Died, Ended, Executor, Job, JobResult, Message, Noticed, Reported
from sweep.execution.inline import InlineExecutor
from sweep.execution.local_workers import LocalWorkers
from sweep.journal.events import JobOutcome

PATIENCE_S = 20.0


@pytest.fixture(params=["inline", "one worker", "two workers"])
def executor(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    monkeypatch.setattr(sys, "path", [*sys.path, str(Path(__file__).parents[1] / "execution")])
    function = "sample_jobs:run_job"
    made: Executor
    if request.param == "inline":
        made = InlineExecutor(function, log_folder=tmp_path / "logs")
    else:
        made = LocalWorkers(function, log_folder=tmp_path / "logs", workers=1 if request.param == "one worker" else 2, threads=1)
    with made:
        yield made


def job(trial: int = 0, *, last_epoch: int = 3, attempt: int = 0, **payload: Any) -> Job:
    return Job(trial=trial, replicate=0, attempt=attempt, last_epoch=last_epoch, payload=payload)


def drain(executor: Executor, on_message: Callable[[Message], None] = lambda message: None) -> list[Message]:
    """Every message until nothing is busy."""
    heard: list[Message] = []

    def hear(message: Message) -> None:
        heard.append(message)
        on_message(message)

    deadline = time.monotonic() + PATIENCE_S
    while executor.busy:
        assert time.monotonic() < deadline, f"only heard {heard}"
        executor.wait(hear, 1.0)
    return heard


def run(executor: Executor, one: Job) -> list[Message]:
    executor.submit(one)
    return drain(executor)


def test_epochs_are_reported_in_order_and_before_the_end(executor: Executor) -> None:
    worker = executor.next_worker
    one = job(4, last_epoch=3, attempt=2)
    reports = [Reported(one.key, worker, epoch, {"val/loss": 1 / epoch}, {"epoch_s": 0.5}) for epoch in (1, 2, 3)]
    result = JobResult(outcome=JobOutcome.reached, epoch=3, best_epoch=1, weights_sha256="ab" * 32)
    assert run(executor, one) == [*reports, Ended(one.key, worker, result)]
    assert one.key == (4, 0, 2)


def test_jobs_follow_one_another(executor: Executor) -> None:
    for trial in range(3):
        assert run(executor, job(trial))[-1].key.trial == trial


def test_as_many_jobs_run_as_there_are_places(executor: Executor) -> None:
    workers = []
    for trial in range(executor.capacity):
        assert executor.busy == trial
        workers.append(executor.next_worker)
        executor.submit(job(trial))
    assert len(set(workers)) == executor.capacity == executor.busy
    with pytest.raises(InternalError, match="job was submitted while"):
        executor.submit(job(99))
    ended = [message for message in drain(executor) if isinstance(message, Ended)]
    assert {(message.key.trial, message.worker) for message in ended} == set(enumerate(workers))
    assert executor.busy == 0


def test_the_last_message_finds_its_own_place_free(executor: Executor) -> None:
    """A driver answers the end of one job with the next."""
    waiting = [job(1), job(2)]
    busy_at_report: set[int] = set()

    def answer(message: Message) -> None:
        if isinstance(message, Reported):
            busy_at_report.add(executor.busy)
        elif waiting:
            executor.submit(waiting.pop())

    executor.submit(job(0))
    heard = drain(executor, answer)
    assert [message.key.trial for message in heard if isinstance(message, Ended)] == [0, 2, 1]
    assert busy_at_report == {1}


def test_waiting_for_nothing_returns_at_once(executor: Executor) -> None:
    began = time.monotonic()
    executor.wait(lambda message: pytest.fail("there is nothing to say"), 5.0)
    assert time.monotonic() - began < 1.0


def test_notices_arrive(executor: Executor) -> None:
    worker = executor.next_worker
    one = job(kind="notice")
    assert run(executor, one)[0] == Noticed(one.key, worker, "two pictures are alike")


def test_stop_ends_the_job_after_its_epoch(executor: Executor) -> None:
    executor.submit(job(last_epoch=2000, epoch_s=0.01))
    heard = drain(executor, lambda message: executor.stop() if isinstance(message, Reported) and message.epoch == 3 else None)
    last = heard[-1]
    assert isinstance(last, Ended)
    assert last.result.outcome is JobOutcome.interrupted
    assert heard[-2] == Reported(last.key, last.worker, last.result.epoch, {"val/loss": 1 / last.result.epoch}, {"epoch_s": 0.5})
    assert 3 <= last.result.epoch < 1000


def test_stop_from_a_signal_handler(executor: Executor) -> None:
    before = signal.signal(signal.SIGUSR1, lambda number, frame: executor.stop())
    try:
        executor.submit(job(last_epoch=2000, epoch_s=0.01))
        threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGUSR1)).start()
        last = drain(executor)[-1]
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert isinstance(last, Ended)
    assert last.result.outcome is JobOutcome.interrupted


def test_a_job_that_comes_after_stop_stops_after_one_epoch(executor: Executor) -> None:
    executor.stop()
    last = run(executor, job(last_epoch=2000, epoch_s=0.01))[-1]
    assert isinstance(last, Ended)
    assert last.result.epoch < 100


def test_kill_does_not_wait_for_the_epoch(executor: Executor) -> None:
    executor.submit(job(last_epoch=1000, epoch_s=0.05))
    began = time.monotonic()
    heard = drain(executor, lambda message: executor.kill() if isinstance(message, Reported) else None)
    died = [message for message in heard if isinstance(message, Died)]
    assert [message.reason for message in died] == ["killed"]
    assert time.monotonic() - began < 5.0
    assert isinstance(run(executor, job(attempt=1))[-1], Ended)


def test_a_trial_that_cannot_be_trained_is_an_outcome(executor: Executor) -> None:
    last = run(executor, job(kind="fails"))[-1]
    assert isinstance(last, Ended)
    assert last.result == JobResult(outcome=JobOutcome.failed, epoch=2, reason="the loss became NaN in epoch 3")


def test_an_unforeseen_exception_is_the_attempts_death(executor: Executor, tmp_path: Path) -> None:
    worker = executor.next_worker
    one = job(kind="raises")
    heard = run(executor, one)
    assert heard == [Reported(one.key, worker, 1, {}, {}), Died(one.key, worker, "ValueError: the loop broke")]
    log = (tmp_path / "logs" / f"{worker}.log").read_text()
    assert "Traceback" in log
    assert "and this explains it at length" in log
    assert isinstance(run(executor, job(attempt=1))[-1], Ended)


def test_an_error_that_explains_itself_reaches_the_driver(executor: Executor) -> None:
    executor.submit(job(kind="loses its weights"))
    with pytest.raises(WeightsError) as caught:
        drain(executor)
    assert caught.value.line == "w.pth vanished — put it back"
    assert executor.busy == 0
    assert isinstance(run(executor, job(attempt=1))[-1], Ended)


def test_the_drivers_own_failure_is_not_taken_for_the_jobs(executor: Executor) -> None:
    def full_disk(message: Message) -> None:
        raise OSError(28, "No space left on device")

    executor.submit(job(last_epoch=50, epoch_s=0.01))
    with pytest.raises(OSError, match="No space left"):
        while executor.busy:
            executor.wait(full_disk, PATIENCE_S)


def test_close_leaves_no_process_behind(executor: Executor) -> None:
    run(executor, job(0))
    executor.submit(job(1, last_epoch=1000, epoch_s=0.05))
    executor.close()
    assert psutil.Process().children(recursive=True) == []
    executor.close()
