"""Opening a study, or continuing it: everything its trials depend on is settled here, once, and written down."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
import torch
import yaml

from sweep.config import BudgetConfig, Config, ExecutionName, Regime, RegimeChoice
from sweep.config.fields import build, to_plain, with_values
from sweep.config.load import Composed
from sweep.config.space import Space, space_from_plain, space_to_plain
from sweep.data.dataset import Dataset, prepare_dataset
from sweep.data.fingerprint import changed_files
from sweep.data.index import Split
from sweep.driver.environment import describe_environment
from sweep.driver.identity import choose_generation, study_name
from sweep.driver.lock import hold_study
from sweep.driver.view import View
from sweep.errors import StudyError, printable
from sweep.execution.resources import Resources, Shares, plan_workers
from sweep.journal.events import SCHEMA_VERSION, Event, SittingStarted, StudyOpened
from sweep.journal.files import write_atomic
from sweep.journal.history import History, fold
from sweep.journal.journal import Journal
from sweep.models.weights import ResolvedWeights, resolve_weights
from sweep.search.regimes import RegimeSheet, advice, choose_regime
from sweep.search.settle import Settled, settle
from sweep.search.strategy import rungs_for
from sweep.training.machine import Machine, choose_device
from sweep.training.probe import probe


@dataclass(slots=True)
class Study:
    """A study in this process's hands."""

    folder: Path
    config: Config
    """The study's settled configuration, with the current command's budget, execution and tracking."""
    space: Space
    dataset: Dataset
    weights: ResolvedWeights
    machine: Machine
    journal: Journal
    history: History

    @property
    def name(self) -> str:
        return self.history.opened.study

    @property
    def hours_are_spent(self) -> bool:
        hours = self.config.budget.hours
        return hours is not None and self.history.hours_spent >= hours

    def record(self, event: Event) -> None:
        """Writes the event to the journal, and only then lets it count."""
        self.history.apply(self.journal.append(event))

    def trial_config(self, params: Mapping[str, Any]) -> Config:
        return with_values(self.config, params)

    def trial_folder(self, trial: int) -> Path:
        return self.folder / "trials" / f"{trial:04d}"

    def schedule_of(self, params: Mapping[str, Any]) -> tuple[int, tuple[int, ...]]:
        """How many epochs a trial with these values has, and its rungs."""
        epochs = self.trial_config(params).train.epochs
        return epochs, rungs_for(epochs, self.config.search)

    def start_sitting(self) -> None:
        self.record(
            SittingStarted(
                pid=os.getpid(),
                host=socket.gethostname(),
                budget=to_plain(self.config.budget),
                environment=describe_environment(self.machine.threads, self.machine.device),
            )
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command comes to once its pictures are counted and its weights found."""

    settled: Settled
    dataset: Dataset
    weights: ResolvedWeights
    name_of: Callable[[int], str]
    """The study's name, by how many studies study.new=true opened for the same command before."""
    overrides: tuple[str, ...]

    @property
    def config(self) -> Config:
        return self.settled.config


def plan_study(composed: Composed, view: View, *, search: bool = True) -> Plan:
    """Reads the pictures, picks the regime and settles the configuration. Writes nothing but the shared picture cache.

    With `search` false the space is empty: one training with the given settings.
    """
    config = composed.config
    sheets = {regime: RegimeSheet.from_plain(sheet) for regime, sheet in composed.sheets.items()}
    weights = resolve_weights(config.model.weights, config.model.name)
    if weights.notice:
        view.notice(weights.notice)
    dataset = prepare_dataset(
        config.data, cache_dir=cache_dir(config), seed=config.seed, on_progress=view.progress, on_notice=view.notice
    )
    regime = choose_regime(dataset.num_pictures) if config.regime is RegimeChoice.auto else Regime(config.regime.value)
    for sentence in advice(regime, config.model.name, dataset.num_pictures):
        view.notice(sentence)
    settled = settle(config, sheets, regime, composed.named, pretrained=weights.path is not None, search=search)
    if not search:
        settled = replace(settled, config=with_values(settled.config, {"budget.trials": 1}))
    for text in (*(f"{path} is fixed by the command line and not searched" for path in settled.taken_out), *settled.notes):
        view.notice(text)
    source = (dataset.name, dataset.root_shown)
    name_of = partial(study_name, settled.config, settled.space, regime, source, weights.sha256)
    return Plan(settled, dataset, weights, name_of, composed.overrides)


def cache_dir(config: Config) -> Path:
    """Where decoded pictures are kept, shared by all studies."""
    chosen = Path(config.cache_dir).expanduser() if config.cache_dir else Path(platformdirs.user_cache_dir("sweep"))
    make_folder(chosen, "cache_dir")
    return chosen


def make_folder(folder: Path, setting: str) -> None:
    """Makes sure that `folder` exists and can be written to; StudyError naming the setting otherwise."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe_file = folder / f".write-test-{os.getpid()}"
        probe_file.touch()
        probe_file.unlink()
    except OSError as error:
        raise StudyError(
            f"{setting}={folder} cannot be written to ({error.strerror})", f"choose another folder with {setting}=DIR"
        ) from None


@contextmanager
def take_up(plan: Plan) -> Iterator[Study]:
    """Opens the study that `plan` names, or continues it; nobody else can while the block runs.

    Raises StudyError when another process has it or the pictures changed since it began.
    """
    output_dir = Path(plan.config.output_dir).expanduser()
    make_folder(output_dir, "output_dir")
    folder = output_dir / choose_generation(output_dir, plan.name_of, plan.config.study.new)
    folder.mkdir(exist_ok=True)
    with hold_study(folder):
        journal = Journal.open(folder / "journal.jsonl")
        try:
            if not journal.entries:
                write_atomic(folder / "manifest.json", json.dumps(plan.dataset.manifest, indent=0))
                journal.append(_opening(plan, folder.name))
                write_atomic(folder / "config.yaml", yaml.safe_dump(to_plain(plan.config), sort_keys=False, allow_unicode=True))
            yield _continue(plan, folder, journal)
        finally:
            journal.close()


def _opening(plan: Plan, name: str) -> StudyOpened:
    dataset = plan.dataset
    machine = probe(with_values(plan.config, {"execution.threads": share_machine(plan.config).threads}), len(dataset.classes))
    return StudyOpened(
        schema=SCHEMA_VERSION,
        study=name,
        config=to_plain(plan.config),
        space=space_to_plain(plan.settled.space),
        baseline=dict(plan.settled.baseline),
        overrides=list(plan.overrides),
        regime=plan.settled.regime,
        dataset={
            "name": dataset.name,
            "root": printable(dataset.root_shown),
            "drawn": plan.config.data.root is None,
            "fingerprint": dataset.fingerprint,
            "num_pictures": dataset.num_pictures,
            "classes": list(dataset.classes),
            "num_classes": len(dataset.classes),
            **{split.value: len(dataset.splits[split]) for split in Split},
            "unreadable": len(dataset.unreadable),
        },
        weights={"source": plan.weights.source, "sha256": plan.weights.sha256},
        machine=to_plain(machine),
        environment=describe_environment(machine.threads, machine.device),
    )


def share_machine(config: Config) -> Shares:
    """How many workers of how many threads `config` means on this machine."""
    execution = config.execution
    return plan_workers(
        1 if execution.name is ExecutionName.inline else execution.workers,
        execution.threads,
        choose_device(config.device),
        Resources.of_this_machine(torch.cuda.device_count()),
    )


def _continue(plan: Plan, folder: Path, journal: Journal) -> Study:
    history = fold(journal.entries)
    opened = history.opened
    if opened.dataset["fingerprint"] != plan.dataset.fingerprint:
        raise StudyError(
            f"the pictures changed since {opened.study} began: {_describe_changes(folder, plan.dataset)}",
            "put them back, or open another study with study.new=true",
        )
    config = build(
        Config, opened.config | {part: to_plain(getattr(plan.config, part)) for part in ("execution", "tracking", "budget")}
    )
    return Study(
        folder=folder,
        config=config,
        space=space_from_plain(opened.space),
        dataset=plan.dataset,
        weights=plan.weights,
        machine=Machine(**opened.machine),
        journal=journal,
        history=history,
    )


def read_manifest(folder: Path) -> dict[str, str]:
    """The pictures of the study in `folder` when it began: SHA-256 by path."""
    manifest: dict[str, str] = json.loads((folder / "manifest.json").read_text())
    return manifest


def _describe_changes(folder: Path, dataset: Dataset) -> str:
    return str(changed_files(read_manifest(folder), dataset.manifest)) or "the same files are split or classed otherwise"


def budget_of(history: History, budget: BudgetConfig) -> str:
    """The budget in words: what of it is spent."""
    parts = [f"{len(history.trials)} of {budget.trials} trials"]
    if budget.epochs is not None:
        parts.append(f"{history.epochs_trained} of {budget.epochs} epochs")
    if budget.hours is not None:
        parts.append(f"{history.hours_spent:.2f} of {budget.hours:g} hours")
    return ", ".join(parts)
