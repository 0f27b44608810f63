"""A trial that trains nothing, so that a whole sweep takes seconds.

Its curve is a function of the trial's settings, its pace and its mishaps are those of the script in SWEEP_NOOP. It keeps a
checkpoint as real training does, and a chain of hashes stands for the weights: equal at an epoch only if every epoch before
was trained once, in order, from the right state.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sweep.execution.executor import Job
from sweep.execution.job_function import Notice, Pulse, Report, ShouldStop
from sweep.journal.events import JobOutcome, JobResult
from sweep.journal.files import write_atomic
from sweep.journal.layout import CHECKPOINT, EVALUATION, PREVIOUS_CHECKPOINT, WEIGHTS
from sweep.training.trial_lock import hold_trial

VARIABLE = "SWEEP_NOOP"


@dataclass(frozen=True)
class Mishap:
    """Happens to `trial` before it reports `epoch`, `times` times in all."""

    trial: int
    epoch: int
    kind: str
    """nan, inf, missing, out of memory, killed, silent (stops itself), or breaks (an unforeseen exception)."""
    times: int = 1


@dataclass(frozen=True)
class Script:
    epoch_s: float = 0.0
    mishaps: tuple[Mishap, ...] = ()

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Script:
        plain = json.loads(text or "{}")
        return cls(plain.get("epoch_s", 0.0), tuple(Mishap(**mishap) for mishap in plain.get("mishaps", ())))


@dataclass
class _State:
    """What a checkpoint holds."""

    weights: str
    epochs: list[dict[str, float]] = field(default_factory=list)


def run_job(job: Job, report: Report, notice: Notice, should_stop: ShouldStop, pulse: Pulse) -> JobResult:
    """Does what real training does around its arithmetic: lock, resume, report, save, stop."""
    folder, script = Path(job.payload["folder"]), Script.from_text(os.environ.get(VARIABLE, ""))
    folder.mkdir(parents=True, exist_ok=True)
    with hold_trial(folder, notice, pulse):
        state = _resume(folder, job)
        for epoch, metrics in enumerate(state.epochs, 1):
            report(epoch, metrics, {"epoch_s": script.epoch_s, "pictures_per_s": 1.0})
        while len(state.epochs) < job.last_epoch:
            if should_stop():
                return _end(folder, state, JobOutcome.interrupted)
            epoch = len(state.epochs) + 1
            time.sleep(script.epoch_s)
            pulse()
            metrics = _train(state, job, epoch)
            failure = _mishap(script, job, epoch, folder, metrics)
            if failure:
                return JobResult(outcome=JobOutcome.failed, epoch=epoch - 1, reason=failure)
            report(epoch, metrics, {"epoch_s": script.epoch_s, "pictures_per_s": 1.0})
            write_atomic(folder / CHECKPOINT, json.dumps(asdict(state)), previous=folder / PREVIOUS_CHECKPOINT)
        return _end(folder, state, JobOutcome.reached)


def _resume(folder: Path, job: Job) -> _State:
    for path in (folder / CHECKPOINT, folder / PREVIOUS_CHECKPOINT):
        if path.exists():
            state = _State(**json.loads(path.read_bytes()))
            if len(state.epochs) <= job.last_epoch:
                return state
    return _State(_hash(json.dumps([job.trial, job.payload["config"]["optimizer"]], sort_keys=True)))


def _train(state: _State, job: Job, epoch: int) -> dict[str, float]:
    state.weights = _hash(f"{state.weights} {epoch}")
    noise = int(state.weights[:8], 16) / 2**32 - 0.5
    config = job.payload["config"]
    best = 0.9 - 0.08 * abs(math.log10(config["optimizer"]["lr"]) + 3) - 0.2 * abs(config["model"]["dropout"] - 0.25)
    accuracy = best * (1 - math.exp(-epoch / 3)) + 0.01 * noise
    metrics = {
        "train/loss": 1.1 - accuracy,
        "train/accuracy": accuracy + 0.02,
        "val/loss": 1.2 - accuracy,
        "val/accuracy": accuracy,
        "val/macro_f1": accuracy,
        "gap/accuracy": 0.02,
        "lr": config["optimizer"]["lr"],
    }
    state.epochs.append(metrics)
    return metrics


def _mishap(script: Script, job: Job, epoch: int, folder: Path, metrics: dict[str, float]) -> str:
    """Lets the script's mishap happen, if one is due; the reason of the failure if it is one that training notices itself."""
    for mishap in script.mishaps:
        if (mishap.trial, mishap.epoch) == (job.trial, epoch) and _is_due(folder / f"mishaps-{epoch}", mishap.times):
            match mishap.kind:
                case "nan" | "inf":
                    metrics["val/accuracy"] = float(mishap.kind)
                case "missing":
                    del metrics["val/accuracy"]
                case "out of memory":
                    return f"out of memory on cuda with train.batch_size={job.payload['config']['train']['batch_size']}"
                case "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "silent":
                    os.kill(os.getpid(), signal.SIGSTOP)
                case "breaks":
                    raise ValueError("something nobody thought of")
    return ""


def _is_due(counter: Path, times: int) -> bool:
    happened = counter.stat().st_size if counter.exists() else 0
    if happened >= times:
        return False
    with open(counter, "ab") as file:
        file.write(b"x")
    return True


def _end(folder: Path, state: _State, outcome: JobOutcome) -> JobResult:
    epochs = len(state.epochs)
    if not epochs:
        return JobResult(outcome=outcome, epoch=0)
    write_atomic(folder / WEIGHTS, state.weights)
    write_atomic(folder / EVALUATION, json.dumps({"epoch": epochs}))
    return JobResult(outcome=outcome, epoch=epochs, best_epoch=epochs, weights_sha256=state.weights)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
