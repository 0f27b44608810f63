"""Job functions for the tests of executors, found by reference in whichever process runs them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from sweep.errors import WeightsError
from sweep.execution import Job, JobResult
from sweep.journal.events import JobOutcome

Report = Callable[[int, dict[str, float], dict[str, float]], None]
Notice = Callable[[str], None]
ShouldStop = Callable[[], bool]
Pulse = Callable[[], None]


def run_job(job: Job, report: Report, notice: Notice, should_stop: ShouldStop, pulse: Pulse) -> JobResult:
    """Does what `payload["kind"]` says, then trains up to the job's last epoch, `payload["epoch_s"]` seconds each."""
    match job.payload.get("kind"):
        case "notice":
            notice("two pictures are alike")
        case "fails":
            return JobResult(outcome=JobOutcome.failed, epoch=2, reason="the loss became NaN in epoch 3")
        case "raises":
            report(1, {}, {})
            raise ValueError("the loop broke\nand this explains it at length")
        case "loses its weights":
            raise WeightsError("w.pth vanished", "put it back")
        case "tells its environment":
            notice(json.dumps(_environment()))
        case "is killed":
            report(1, {}, {})
            os.kill(os.getpid(), signal.SIGKILL)
        case "falls silent":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "segfaults":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "leaves":
            print("leaving now", flush=True)
            os._exit(7)
    return _train(job, report, should_stop)


def _train(job: Job, report: Report, should_stop: ShouldStop) -> JobResult:
    for epoch in range(1, job.last_epoch + 1):
        time.sleep(job.payload.get("epoch_s", 0.0))
        report(epoch, {"val/loss": 1 / epoch}, {"epoch_s": 0.5})
        if should_stop() and epoch < job.last_epoch:
            return JobResult(outcome=JobOutcome.interrupted, epoch=epoch)
    return JobResult(outcome=JobOutcome.reached, epoch=job.last_epoch, best_epoch=1, weights_sha256="ab" * 32)


def _environment() -> dict[str, Any]:
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
    return {"pid": os.getpid()} | {name: os.environ.get(name) for name in names}
