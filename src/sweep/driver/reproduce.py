"""Training a trial again, from its record, and comparing the two."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sweep.analysis.compare import Comparison, TrialRun, compare_runs
from sweep.config import Config, Device
from sweep.config.fields import build, with_values
from sweep.data.dataset import Dataset, prepare_dataset
from sweep.data.fingerprint import changed_files
from sweep.data.index import Split
from sweep.driver.environment import describe_environment
from sweep.driver.folders import cache_dir, make_folder
from sweep.driver.job import job_payload, run_job
from sweep.driver.study import recorded_manifest
from sweep.driver.view import View
from sweep.errors import ConfigError, StudyError, WeightsError
from sweep.execution.executor import Job
from sweep.journal.events import JobOutcome
from sweep.journal.history import History, Trial
from sweep.journal.layout import reproduction_folder
from sweep.models.weights import ResolvedWeights, resolve_weights
from sweep.training.machine import Machine, choose_device


@dataclass(frozen=True, slots=True)
class Reproduction:
    trial: Trial
    comparison: Comparison


def reproduce(folder: Path, history: History, trial: Trial, view: View, threads: int | None = None) -> Reproduction:
    """Trains `trial` again as far as it was trained: same settings, seeds, pictures and machine settings.

    `threads` overrides the recorded number of threads, to see what that changes. Raises StudyError when the trial has no
    epoch to compare or pictures of the record are gone, and says which; WeightsError when the weights it started from are.
    """
    if not trial.reports:
        raise StudyError(
            f"trial {trial.number} has no epoch to compare", "choose one that was trained: see `python -m sweep top`"
        )
    config = _recorded_config(history, trial)
    manifest = recorded_manifest(folder)
    _refuse_missing_files(config, manifest)
    dataset = prepare_dataset(config.data, cache_dir=cache_dir(config), seed=config.seed, on_progress=view.progress)
    _refuse_missing(sorted(manifest.keys() - dataset.manifest.keys()))
    weights = _recorded_weights(config, history)
    machine = Machine.from_plain(history.opened.machine)
    choose_device(Device(machine.device))  # says so if this machine has none
    machine = replace(machine, threads=threads or machine.threads)
    new = _train_again(config, trial, dataset, weights, machine, _empty_folder(folder, trial.number), view)
    old = TrialRun(
        {epoch: report.metrics for epoch, report in trial.reports.items()},
        trial.weights_sha256,
        history.sittings[trial.sitting].environment
        | _sources(history.opened.dataset["fingerprint"], history.opened.weights["sha256"]),
    )
    new = replace(new, environment={**new.environment, "data": _describe_data(manifest, history, dataset)})
    return Reproduction(trial, compare_runs(old, new, history.opened.dataset[Split.val]))


def _recorded_config(history: History, trial: Trial) -> Config:
    try:
        return with_values(build(Config, history.opened.config), trial.params)
    except ConfigError as error:
        wrote = history.opened.environment.get("code", {}).get("version", "of an unknown version")
        raise StudyError(
            f"{history.opened.study} was recorded by sweep {wrote}, whose settings this one does not know: {error.problem}",
            f"reproduce with sweep {wrote}",
        ) from error


def _refuse_missing_files(config: Config, manifest: Mapping[str, str]) -> None:
    """Before anything is decoded, where there is one root to look below."""
    root = config.data.root
    if root is not None and not config.data.extra_roots and Path(root).is_dir():
        _refuse_missing([path for path in manifest if not os.path.lexists(Path(root) / path)])


def _refuse_missing(paths: Sequence[str]) -> None:
    if paths:
        shown = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
        raise StudyError(f"pictures of the record are gone: {len(paths)} in all: {shown}", "put them back to where they were")


def _recorded_weights(config: Config, history: History) -> ResolvedWeights:
    """The weights that the study started from, however `auto` would be answered today."""
    if history.opened.weights["sha256"] is None:
        return ResolvedWeights("none")
    found = resolve_weights(replace(config.model, weights="imagenet") if config.model.weights == "auto" else config.model)
    if found.sha256 != history.opened.weights["sha256"]:
        raise WeightsError(f"the weights file {found.path} is not the one that the study started from", "restore that one")
    return found


def _empty_folder(study: Path, number: int) -> Path:
    """Where the trial is trained again: a checkpoint left there would be continued instead of trained."""
    again = reproduction_folder(study, number)
    if again.is_symlink() or again.parent.resolve() != study.resolve() / again.parent.name:
        raise StudyError(f"{again} leads out of the study", "remove the link")
    shutil.rmtree(again, ignore_errors=True)
    return make_folder(again, "reproduce from a copy of the study that you may write to")


def _train_again(
    config: Config, trial: Trial, dataset: Dataset, weights: ResolvedWeights, machine: Machine, folder: Path, view: View
) -> TrialRun:
    metrics: dict[int, Mapping[str, float]] = {}

    def report(epoch: int, epoch_metrics: Mapping[str, float], _timings: Mapping[str, float]) -> None:
        metrics[epoch] = epoch_metrics
        view.progress(f"training trial {trial.number} again, epochs", epoch, trial.epochs_done)

    job = Job(
        trial=trial.number,
        replicate=0,
        attempt=0,
        last_epoch=trial.epochs_done,
        payload=job_payload(config, dataset, weights, machine, folder),
    )
    result = run_job(job, report, view.notice, lambda: False)
    if result.outcome is JobOutcome.failed:
        view.notice(f"the second training failed: {result.reason}")
    environment = describe_environment(machine.threads, machine.device) | _sources(dataset.fingerprint, weights.sha256)
    return TrialRun(metrics, result.weights_sha256, environment)


def _sources(fingerprint: str, weights_sha256: str | None) -> dict[str, Any]:
    return {"data": {"fingerprint": fingerprint}, "weights": {"sha256": weights_sha256}}


def _describe_data(manifest: Mapping[str, str], history: History, dataset: Dataset) -> dict[str, Any]:
    """The fingerprint and, where it is not the study's, the files that make it so."""
    described: dict[str, Any] = {"fingerprint": dataset.fingerprint}
    if dataset.fingerprint != history.opened.dataset["fingerprint"]:
        unknown = "cannot be named, as the study's manifest.json is gone or damaged"
        described["files"] = str(changed_files(manifest, dataset.manifest)) if manifest else unknown
    return described
