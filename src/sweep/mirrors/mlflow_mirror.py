"""The study in MLflow: one experiment per dataset, the study a parent run, each trial a child.

Delivered exactly once in effect: a run bears a key by which it is found again before one is created, metrics carry the
journal's times, by which MLflow knows those that it has, and everything else is set to what the history shows.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sweep.errors import TrackingError, printable
from sweep.journal.events import ArtifactsWritten
from sweep.journal.history import History, Trial, fold
from sweep.journal.journal import Entry
from sweep.journal.layout import trial_folder, trial_name
from sweep.mirrors import mlflow_view as view
from sweep.mirrors.changes import Changes, advance
from sweep.mirrors.mirror import study_uid
from sweep.mirrors.mlflow_ledger import STUDY, Ledger, load_ledger, save_ledger
from sweep.mirrors.mlflow_mirror_client import MlflowTracking, RunDeleted, resolve_tracking_uri
from sweep.mirrors.tracking_uri import redacted, sqlite_path

ENTRIES_PER_STEP = 1000
"""After so many the cursor is saved. Fewer after a failure, so that all comes to its end over a bad connection too."""


@dataclass(slots=True)
class _Session:
    """What is known while the server answers; thrown away at the first failure and read again."""

    tracking: MlflowTracking
    experiment_id: str
    ledger: Ledger
    history: History
    shown: dict[str, view.RunLook]
    """What a run was last made to look like, by key."""


class MlflowMirror:
    """Keeps MLflow up to the journal of the study in `folder`.

    `tracking_uri` None takes MLFLOW_TRACKING_URI, else `sqlite:///mlflow.db` in the working folder.
    """

    name = "MLflow"

    def __init__(self, folder: Path, on_notice: Callable[[str], None], tracking_uri: str | None = None) -> None:
        self.folder = folder
        self.cursor = 0
        self._on_notice = on_notice
        self._uri = tracking_uri
        self._session: _Session | None = None
        self._entries_per_step = ENTRIES_PER_STEP
        self._abandoned = threading.Event()
        self._doubtful: set[str] = set()
        """Keys of runs whose creation was not answered: a server that hung may still come to it."""

    def catch_up(self, entries: Sequence[Entry]) -> None:
        """See `Mirror`. Raises TrackingError when the server cannot be reached or refuses."""
        try:
            session = self._session = self._session or self._open(entries)
            while self.cursor < len(entries):
                self._step(session, entries[self.cursor : self.cursor + self._entries_per_step])
                self._entries_per_step = min(2 * self._entries_per_step, ENTRIES_PER_STEP)
        except BaseException:
            self._session = None
            self._entries_per_step = max(1, min(self._entries_per_step, len(entries) - self.cursor) // 4)
            raise

    def close(self) -> None:
        self._session = None

    def abandon(self) -> None:
        self._abandoned.set()

    def _open(self, entries: Sequence[Entry]) -> _Session:
        uri, uid = resolve_tracking_uri(self._uri), study_uid(entries[0])
        ledger = load_ledger(self.folder, redacted(uri, uri), uid)
        try:
            tracking = MlflowTracking(uri, self._abandoned)
        except TrackingError:
            self.cursor = min(ledger.cursor, len(entries))  # as far as one can tell how much waits
            raise
        parent = ledger.runs.get(STUDY)
        if ledger.cursor > len(entries) or (parent is not None and not tracking.exists(parent)):
            ledger = Ledger(ledger.uri, uid)  # another journal or an emptied store: all of it again
        self.cursor = ledger.cursor
        history = fold(entries[: max(self.cursor, 1)])
        return _Session(tracking, tracking.experiment(history.opened.dataset["name"]), ledger, history, {})

    def _step(self, session: _Session, entries: Sequence[Entry]) -> None:
        changes = advance(session.history, entries)
        self._deliver_study(session, changes)
        for number in sorted(changes.touched):
            self._deliver_trial(session, changes, session.history.trials[number])
        for written in changes.artifacts:
            self._deliver_artifacts(session, written)
        for key in self._doubtful & session.ledger.runs.keys():
            self._delete_others(session, key)
        session.ledger.cursor = entries[-1].seq + 1
        save_ledger(self.folder, session.ledger)
        self.cursor = session.ledger.cursor

    def _deliver_study(self, session: _Session, changes: Changes) -> None:
        metrics = [point for time, score in changes.test_scores for point in view.points(score.metrics, time, score.trial)]
        metrics += [point for ending in changes.endings for point in view.ending_points(ending)]
        params, look = {}, None
        if changes.opened:
            params = view.study_params(session.history.opened)
            metrics += view.network_points(session.history.opened, session.history.opened_at)
        if changes.sitting_started or changes.endings:
            look = view.study_look(session.history, changes.endings[-1] if changes.endings else None)
        if metrics or params or look:
            self._deliver(session, STUDY, metrics, params, look)

    def _deliver_trial(self, session: _Session, changes: Changes, trial: Trial) -> None:
        metrics = [point for report in changes.reports.get(trial.number, ()) for point in view.report_points(report)]
        metrics += view.result_points(trial)
        for time, scored in changes.test_scores:
            if scored.trial == trial.number:
                metrics += view.points(scored.metrics, time, trial.epochs_done)
        params = view.trial_params(session.history.opened, trial) if trial.number in changes.created else {}
        look = view.trial_look(session.history, trial)
        self._deliver(session, trial_name(trial.number), metrics, params, look)

    def _deliver(
        self,
        session: _Session,
        key: str,
        metrics: Sequence[view.MetricPoint],
        params: Mapping[str, str],
        look: view.RunLook | None,
    ) -> None:
        """Brings the run of `key` up to date; a run that was just begun comes with its params and its dataset."""
        with self._run(session, key) as run_id:
            if run_id is None:
                return
            before = session.shown.get(key)
            tags = look.tags if look and (before is None or look.tags != before.tags) else {}
            if params:
                session.tracking.log_dataset(run_id, session.history.opened.dataset)
            changed = session.tracking.log(run_id, metrics, params, tags)
            if changed:
                self._on_notice(f"MLflow keeps the earlier values of {', '.join(changed)} in the run of {key}")
            if look and (before is None or (look.status, look.ended_at) != (before.status, before.ended_at)):
                session.tracking.show(run_id, look)
            if look:
                session.shown[key] = look

    def _deliver_artifacts(self, session: _Session, written: ArtifactsWritten) -> None:
        key = STUDY if written.trial is None else trial_name(written.trial)
        top = Path() if written.trial is None else trial_folder(Path(), written.trial)
        for name in written.files:
            file = (self.folder / name.replace("\0", "")).resolve()
            if not file.is_relative_to(self.folder.resolve()) or not file.is_file():
                self._on_notice(f"{printable(name)} is not a file of the study's folder, so MLflow does not get it")
                continue
            if not os.access(file, os.R_OK):  # no reason to keep all that comes after it back
                self._on_notice(f"{printable(name)} cannot be read, so MLflow does not get it")
                continue
            folder = Path(name).parent
            inside = folder.relative_to(top) if folder.is_relative_to(top) else folder
            with self._run(session, key) as run_id:
                if run_id is not None:
                    session.tracking.upload(run_id, file, "" if inside == Path() else str(inside))

    @contextmanager
    def _run(self, session: _Session, key: str) -> Iterator[str | None]:
        """The id of the run of `key`, which is begun if need be; None for one that somebody deleted: it stays so."""
        ledger = session.ledger
        if not {key, STUDY}.isdisjoint(ledger.deleted):
            yield None
            return
        if key not in ledger.runs:
            found = session.tracking.find(session.experiment_id, _full_key(session, key))
            ledger.runs[key] = found[0] if found else self._begin(session, key)
        try:
            yield ledger.runs[key]
        except RunDeleted:
            ledger.deleted.append(key)
            self._on_notice(f"the run of {key} was deleted in MLflow; it is not written any more")

    def _delete_others(self, session: _Session, key: str) -> None:
        """Of a run that was created twice, after all, one stays."""
        for run_id in session.tracking.find(session.experiment_id, _full_key(session, key)):
            if run_id != session.ledger.runs[key]:
                session.tracking.delete(run_id)

    def _begin(self, session: _Session, key: str) -> str:
        history = session.history
        tags = view.study_tags(history.opened) | {view.KEY_TAG: _full_key(session, key)}
        name, started_at = history.opened.study, history.opened_at
        if key != STUDY:
            trial = history.trials[int(key)]
            tags |= view.trial_tags(trial) | {"mlflow.parentRunId": session.ledger.runs[STUDY]}
            name, started_at = view.run_name(trial), trial.created_at
        try:
            run_id = session.tracking.create(session.experiment_id, name, started_at, tags)
        except TrackingError:
            self._doubtful.add(key)
            raise
        session.shown[key] = view.RunLook(view.RunStatus.RUNNING, None, {})
        return run_id


def _full_key(session: _Session, key: str) -> str:
    """By which the run is found on the server."""
    return f"{session.ledger.uid}/{key}"


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """Which study and trial (None: the study as a whole) an MLflow run shows."""

    study: str
    trial: int | None


def find_run(run_id: str, tracking_uri: str | None = None) -> RunOrigin:
    """The study and trial behind an MLflow run.

    Raises TrackingError when the server cannot be reached, has no such run, or another program wrote it.
    """
    uri = resolve_tracking_uri(tracking_uri)
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        raise TrackingError(f"there is no {path}", "start in the folder of the sweep, or set MLFLOW_TRACKING_URI")
    tags = MlflowTracking(uri).tags(run_id)
    if view.STUDY_TAG not in tags:
        raise TrackingError(f"run {run_id!r} was not written by a sweep", "name a run whose tags hold sweep.study")
    trial = tags.get(view.TRIAL_TAG)
    if trial is not None and not (trial.isascii() and trial.isdigit() and len(trial) < 10):
        raise TrackingError(f"run {run_id!r} says it is of trial {trial!r}, which no sweep wrote", "name the trial by its number")
    return RunOrigin(tags[view.STUDY_TAG], None if trial is None else int(trial))
