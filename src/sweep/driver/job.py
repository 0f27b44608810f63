"""A job as it crosses to a worker, and what the worker does with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sweep.config import Config
from sweep.config.fields import build, to_plain
from sweep.data.dataset import Dataset, open_dataset
from sweep.driver.study import Study
from sweep.execution.executor import Job
from sweep.execution.job_function import Notice, Pulse, Report, ShouldStop
from sweep.journal.events import JobResult
from sweep.models.weights import ResolvedWeights
from sweep.training.loop import train
from sweep.training.machine import Machine
from sweep.training.setup import TrialSetup

RUN_JOB = "sweep.driver.job:run_job"


def make_job(study: Study, trial: int, attempt: int, last_epoch: int) -> Job:
    """The job that trains `trial` up to and including `last_epoch`, in the trial's own folder."""
    config = study.trial_config(study.history.trials[trial].params)
    payload = job_payload(config, study.dataset, study.weights, study.machine, study.trial_folder(trial))
    return Job(trial=trial, replicate=0, attempt=attempt, last_epoch=last_epoch, payload=payload)


def job_payload(config: Config, dataset: Dataset, weights: ResolvedWeights, machine: Machine, folder: Path) -> dict[str, Any]:
    """Everything the worker needs, as plain values; `config` has the trial's values put in."""
    return {
        "config": to_plain(config),
        "dataset": dict(dataset.handle),
        "weights": weights.to_plain(),
        "machine": machine.to_plain(),
        "folder": str(folder.absolute()),
    }


def make_setup(job: Job) -> TrialSetup:
    """What the training room needs to know of the job."""
    payload = job.payload
    return TrialSetup(
        config=build(Config, payload["config"]),
        trial=job.trial,
        replicate=job.replicate,
        weights=ResolvedWeights.from_plain(payload["weights"]),
        machine=Machine.from_plain(payload["machine"]),
        folder=Path(payload["folder"]),
    )


def run_job(job: Job, report: Report, notice: Notice, should_stop: ShouldStop, pulse: Pulse = lambda: None) -> JobResult:
    """Trains; runs in a worker, which keeps the pictures open from one job to the next."""
    setup = make_setup(job)
    return train(
        setup,
        _dataset(job.payload["dataset"]),
        job.last_epoch,
        on_epoch=lambda epoch: report(epoch.epoch, epoch.metrics, epoch.timings),
        should_stop=should_stop,
        on_notice=notice,
        on_batch=pulse,
    )


def _dataset(handle: Mapping[str, str]) -> Dataset:
    return _open_once(tuple(sorted(handle.items())))


@lru_cache(maxsize=1)
def _open_once(handle: tuple[tuple[str, str], ...]) -> Dataset:
    return open_dataset(dict(handle))
