"""Opening a study, or continuing it: everything its trials depend on is settled here, once, and written down."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sweep.config import Config, Device
from sweep.config.fields import build, to_plain, with_values
from sweep.config.space import Space, space_from_plain, space_to_plain
from sweep.data.dataset import Dataset
from sweep.data.fingerprint import changed_files
from sweep.data.index import Split
from sweep.driver.environment import describe_environment
from sweep.driver.folders import make_folder, output_dir
from sweep.driver.identity import choose_generation
from sweep.driver.lock import hold_study
from sweep.driver.plan import Plan
from sweep.driver.sharing import bounded_by_memory, heaviest, largest_batch, share_machine
from sweep.driver.shelf import WRITTEN_TO, own_folder
from sweep.driver.signals import signals_wait
from sweep.driver.spending import hours_are_spent
from sweep.errors import StudyError, printable
from sweep.journal.events import SCHEMA_VERSION, Event, SittingStarted, StudyOpened
from sweep.journal.files import remove_temporaries, write_atomic
from sweep.journal.history import History
from sweep.journal.journal import Journal
from sweep.journal.layout import JOURNAL, trial_folder
from sweep.journal.plausible import checked_history
from sweep.models.network import NetworkSize
from sweep.models.weights import ResolvedWeights
from sweep.search.strategy import rungs_for
from sweep.training.machine import Machine, choose_device, use_machine
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
    heaviest: NetworkSize
    """Of any trial's network."""
    machine: Machine
    journal: Journal
    history: History

    @property
    def hours_are_spent(self) -> bool:
        return hours_are_spent(self.history, self.config.budget)

    def record(self, event: Event) -> None:
        """Writes the event to the journal, and only then lets it count."""
        with signals_wait():  # one that arrived in between would leave a line in the file that the history does not know
            self.history.apply(self.journal.append(event))

    def trial_config(self, params: Mapping[str, Any]) -> Config:
        return with_values(self.config, params)

    def trial_folder(self, trial: int) -> Path:
        return trial_folder(self.folder, trial)

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


@contextmanager
def take_up(plan: Plan) -> Iterator[Study]:
    """Opens the study that `plan` names, or continues it; nobody else can while the block runs.

    Raises StudyError when another process has it or the pictures changed since it began.
    """
    studies = output_dir(plan.config)
    folder = studies / choose_generation(studies, plan.name_of, plan.config.study.new)
    make_folder(folder, "give the study's folder back to its owner, or choose another with output_dir=DIR")
    with hold_study(own_folder(folder, studies, WRITTEN_TO)):
        remove_temporaries(folder)
        journal = Journal.open(folder / JOURNAL)
        try:
            if not journal.entries:
                write_atomic(folder / "manifest.json", json.dumps(plan.dataset.manifest, indent=0))
                journal.append(_opening(plan, folder.name))
            yield _continue(plan, folder, journal)
        finally:
            journal.close()
            remove_temporaries(folder)  # of workers that were killed meanwhile


def _opening(plan: Plan, name: str) -> StudyOpened:
    dataset = plan.dataset
    batch_size = largest_batch(plan.config, plan.settled.space)
    threads = share_machine(plan.config, plan.heaviest, batch_size).threads
    machine = probe(heaviest(plan.config, plan.settled.space), len(dataset.classes), threads, largest_batch=batch_size)
    machine = bounded_by_memory(machine, plan.heaviest, batch_size)
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
            "drawn": plan.config.data.root is None and plan.config.data.labels is None,
            "fingerprint": dataset.fingerprint,
            "num_pictures": dataset.num_pictures,
            "classes": list(dataset.classes),
            "num_classes": len(dataset.classes),
            **{split.value: len(dataset.splits[split]) for split in Split},
            "unreadable": len(dataset.unreadable),
        },
        weights={"source": plan.weights.source, "sha256": plan.weights.sha256},
        machine=machine.to_plain(),
        environment=describe_environment(machine.threads, machine.device),
        network={"parameters": plan.network.parameters, "size_mb": plan.network.size_mb},
    )


def _continue(plan: Plan, folder: Path, journal: Journal) -> Study:
    history = checked_history(journal.path, journal.entries)
    opened = history.opened
    if opened.dataset["fingerprint"] != plan.dataset.fingerprint:
        raise StudyError(
            f"the pictures changed since {opened.study} began: {_describe_changes(folder, plan.dataset)}",
            "put them back, or open another study with study.new=true",
        )
    config = build(
        Config, opened.config | {part: to_plain(getattr(plan.config, part)) for part in ("execution", "tracking", "budget")}
    )
    machine = Machine.from_plain(opened.machine)
    choose_device(Device(machine.device))  # says so if this machine has none
    use_machine(machine)
    if not (folder / "config.yaml").exists():
        write_atomic(folder / "config.yaml", yaml.safe_dump(opened.config, sort_keys=False))
    return Study(
        folder=folder,
        config=config,
        space=space_from_plain(opened.space),
        dataset=plan.dataset,
        weights=plan.weights,
        heaviest=plan.heaviest,
        machine=machine,
        journal=journal,
        history=history,
    )


def read_manifest(folder: Path) -> dict[str, str]:
    """The pictures of the study in `folder` when it began: SHA-256 by path."""
    manifest: dict[str, str] = json.loads((folder / "manifest.json").read_text())
    return manifest


def recorded_manifest(folder: Path) -> dict[str, str]:
    """As `read_manifest`; nothing where the file is gone or damaged."""
    try:
        found: object = read_manifest(folder)
    except (FileNotFoundError, ValueError):
        found = None
    return found if isinstance(found, dict) else {}


def _describe_changes(folder: Path, dataset: Dataset) -> str:
    recorded = recorded_manifest(folder)
    if not recorded:
        return "which cannot be named, because manifest.json is gone or damaged"
    return str(changed_files(recorded, dataset.manifest)) or "the same files are split or classed otherwise"
