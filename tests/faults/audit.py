"""Compares a study's journal with what the stores hold of it, row by row: everything in there, and nothing twice.

Reads the databases themselves, not through Optuna or MLflow, which would hide a row that is there twice.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from sweep.journal.events import EpochReported
from sweep.journal.fate import Fate, fate_of
from sweep.journal.history import History, fold
from sweep.journal.journal import read
from sweep.journal.layout import JOURNAL, trial_name

STUDY_KEY = "study"
PATIENCE_S = 30.0


@dataclass
class Findings:
    """What is wrong, in words; empty when all is well."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    zombies: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.duplicated or self.zombies or self.differing)

    def count(self, what: str, expected: int, found: int) -> None:
        if found < expected:
            self.lost.append(f"{what}: {found} instead of {expected}")
        elif found > expected:
            self.duplicated.append(f"{what}: {found} instead of {expected}")


def study_folder(where: Path) -> Path:
    """The only study that was begun in `where`."""
    (journal,) = (where / "outputs").glob(f"*/{JOURNAL}")
    return journal.parent


def history_of(where: Path) -> History:
    return fold(read(study_folder(where) / JOURNAL))


def wait_for_epochs(where: Path, epochs: int) -> None:
    """Until the journal of the only study in `where` has that many reports."""
    deadline = time.monotonic() + PATIENCE_S
    while sum(path.read_bytes().count(b'"EpochReported"') for path in (where / "outputs").glob(f"*/{JOURNAL}")) < epochs:
        assert time.monotonic() < deadline, (where / "driver.log").read_text()
        time.sleep(0.01)


def audit(where: Path) -> Findings:
    """The study in `where`, whose sweep came to its end, with its stores and without a process left."""
    findings = Findings()
    folder = study_folder(where)
    entries = read(folder / JOURNAL)
    reported = Counter((e.event.trial, e.event.epoch) for e in entries if isinstance(e.event, EpochReported))
    for (trial, epoch), times in reported.items():
        findings.count(f"journal: trial {trial}, epoch {epoch}", 1, times)
    history = fold(entries)
    _audit_optuna(history, folder / "study.db", findings)
    _audit_mlflow(history, where / "mlflow.db", findings)
    findings.zombies += [f"process {process.pid}" for process in workers_in(where)]
    findings.zombies += [str(path) for path in folder.rglob("*.tmp*")]
    return findings


def workers_in(where: Path) -> list[psutil.Process]:
    """Worker processes whose driver was started in `where`."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if "sweep.execution.worker_main" in (process.info["cmdline"] or ()) and process.info["cwd"] == str(where):
            found.append(process)
    return found


def _audit_optuna(history: History, path: Path, findings: Findings) -> None:
    states = {Fate.complete: "COMPLETE", Fate.failed: "FAIL", Fate.stopped: "PRUNED"}
    with closing(sqlite3.connect(path)) as store:
        rows = store.execute("SELECT number, state, trial_id FROM trials").fetchall()
        points = Counter(store.execute("SELECT trial_id, step FROM trial_intermediate_values").fetchall())
    findings.count("study.db: trials", len(history.trials), len(rows))
    for number, state, trial_id in rows:
        trial = history.trials[number]
        expected = states.get(fate_of(history, trial), "none that is final")
        if state != expected:
            findings.zombies.append(f"study.db: trial {number} is {state} instead of {expected}")
        for epoch in trial.reports:
            findings.count(f"study.db: trial {number}, epoch {epoch}", 1, points[trial_id, epoch])


def _audit_mlflow(history: History, path: Path, findings: Findings) -> None:
    with closing(sqlite3.connect(path)) as store:
        keys = "SELECT t.value, r.run_uuid, r.status FROM runs r JOIN tags t USING (run_uuid) WHERE t.key = 'sweep.key'"
        keys += " AND r.lifecycle_stage = 'active'"
        runs = [(key.rpartition("/")[2], run, status) for key, run, status in store.execute(keys)]
        points = Counter(store.execute("SELECT run_uuid, key, step FROM metrics").fetchall())
    by_key = Counter(key for key, _, _ in runs)
    for key in (STUDY_KEY, *map(trial_name, history.trials)):
        findings.count(f"MLflow: run of {key}", 1, by_key[key])
    for key, run, status in runs:
        if key == STUDY_KEY:
            if status != "FINISHED":
                findings.zombies.append(f"MLflow: the study is {status}")
            continue
        trial = history.trials[int(key)]
        expected = "FAILED" if fate_of(history, trial) is Fate.failed else "FINISHED"
        if status != expected:
            findings.zombies.append(f"MLflow: trial {key} is {status} instead of {expected}")
        for report in trial.reports.values():
            for name in report.metrics:
                findings.count(f"MLflow: {name} of trial {key}, epoch {report.epoch}", 1, points[run, name, report.epoch])


def results(where: Path) -> list[tuple[object, ...]]:
    """What a sweep came to: equal for two sweeps if every trial is, to the last bit."""
    history = history_of(where)
    ranking = [trial.number for trial in history.ranked()]
    trials = [
        (
            trial.number,
            trial.params,
            trial.state,
            trial.epochs,
            trial.weights_sha256,
            [report.metrics for _, report in sorted(trial.reports.items())],
        )
        for _, trial in sorted(history.trials.items())
    ]
    return [("ranking", ranking), *trials]
