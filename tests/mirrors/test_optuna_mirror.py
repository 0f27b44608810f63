from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState as State
from tests.mirrors.sample import DISTRIBUTIONS, SampleStudy, first_sitting, second_sitting, third_sitting
from tests.mirrors.stores import dump_optuna

from sweep.errors import TrackingError
from sweep.journal.events import JobOutcome
from sweep.journal.history import fold
from sweep.mirrors.optuna_file import StudyFile
from sweep.mirrors.optuna_mirror import OptunaMirror


def mirror(study: SampleStudy, notices: list[str] | None = None) -> Path:
    """study.db, brought up to the journal."""
    path = study.folder / "study.db"
    made = OptunaMirror(StudyFile(path, pytest.fail if notices is None else notices.append), DISTRIBUTIONS)
    made.catch_up(study.entries)
    assert made.cursor == len(study.entries)
    made.close()
    return path


@contextmanager
def loaded(path: Path, name: str = "mnv3_small-leaves-tiny-0123abcd") -> Iterator[optuna.Study]:
    """As a user does it."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    try:
        yield optuna.load_study(study_name=name, storage=storage)
    finally:
        storage.remove_session()
        storage.engine.dispose()


def states(path: Path) -> list[State]:
    with loaded(path) as found:
        return [trial.state for trial in found.trials]


def test_optuna_loads_the_study_with_its_values_curves_and_times(study: SampleStudy) -> None:
    first_sitting(study)
    with loaded(mirror(study)) as found:
        best, paused, failed = found.trials
        assert found.direction == optuna.study.StudyDirection.MAXIMIZE
        assert found.best_trial.number == 0
    assert best.params == {"optimizer.lr": 1.2e-3, "train.batch_size": 32}
    assert best.value == pytest.approx(0.8)
    assert best.intermediate_values == pytest.approx({epoch: 0.5 + 0.05 * epoch for epoch in range(1, 7)})
    assert best.user_attrs == {"origin": "baseline", "epochs": 6, "best_epoch": 6}
    history = fold(study.entries).trials[0]
    assert history.ended_at is not None
    assert best.datetime_start == datetime.fromtimestamp(history.created_at)
    assert best.datetime_complete == datetime.fromtimestamp(history.ended_at)
    assert paused.state is State.PRUNED and list(paused.intermediate_values) == [1, 2, 3]
    assert failed.state is State.FAIL and failed.user_attrs["failure"] == "the loss became NaN"


@pytest.mark.parametrize(
    ("objective", "direction", "best"),
    [
        ("loss", optuna.study.StudyDirection.MINIMIZE, 1.1 / 6),
        ("macro_f1", optuna.study.StudyDirection.MAXIMIZE, 0.7),
    ],
)
def test_every_objective_has_its_values_as_they_are_and_its_direction(
    tmp_path: Path, objective: str, direction: optuna.study.StudyDirection, best: float
) -> None:
    study = SampleStudy(tmp_path, objective=objective)
    first_sitting(study)
    study.journal.close()
    with loaded(mirror(study)) as found:
        assert found.direction == direction
        assert found.best_value == pytest.approx(best)


def test_a_trial_that_ended_early_is_complete_with_its_last_value(study: SampleStudy) -> None:
    study.start()
    study.create(0)
    study.job(0, 1, 3)
    study.job(0, 4, 4, JobOutcome.stopped_early, attempt=1)
    study.end()
    with loaded(mirror(study)) as found:
        (trial,) = found.trials
    assert trial.state is State.COMPLETE
    assert list(trial.intermediate_values) == [1, 2, 3, 4]
    assert trial.value == trial.intermediate_values[4] == pytest.approx(0.7)
    assert trial.user_attrs == {"origin": "baseline", "epochs": 6, "ended_early": "epoch 4 of 6", "best_epoch": 4}


def test_states_follow_the_sittings_and_a_pruned_trial_is_reopened(study: SampleStudy) -> None:
    study.start()
    study.create(0)
    study.job(0, 1, 3)
    assert states(mirror(study)) == [State.RUNNING]
    study.end()
    assert states(mirror(study)) == [State.PRUNED]
    study.start()
    assert states(mirror(study)) == [State.RUNNING]
    study.job(0, 4, 6, attempt=1)
    path = mirror(study)
    assert states(path) == [State.COMPLETE]


def test_an_interrupted_study_shows_nothing_as_running(study: SampleStudy) -> None:
    first_sitting(study)
    second_sitting(study)
    assert states(mirror(study)) == [State.COMPLETE, State.COMPLETE, State.FAIL, State.WAITING]
    third_sitting(study)
    assert states(mirror(study))[3] is State.COMPLETE


def test_a_deleted_file_is_rebuilt_alike_in_any_time_zone(study: SampleStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    first_sitting(study)
    mirror(study)
    second_sitting(study)
    path = mirror(study)
    grown = dump_optuna(path)
    path.unlink()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert dump_optuna(mirror(study)) == grown
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_file_deleted_while_the_mirror_is_open_is_written_again(study: SampleStudy) -> None:
    path = study.folder / "study.db"
    made = OptunaMirror(StudyFile(path, pytest.fail), DISTRIBUTIONS)
    study.start()
    study.create(0)
    made.catch_up(study.entries)
    path.unlink()
    study.job(0, 1, 3)
    made.catch_up(study.entries)
    made.close()
    assert states(path) == [State.RUNNING]


@pytest.mark.parametrize("damage", ["not a database", "cut in half", "another study"])
def test_a_damaged_or_foreign_file_is_moved_aside_and_said_so(study: SampleStudy, tmp_path: Path, damage: str) -> None:
    first_sitting(study)
    path = mirror(study)
    whole = dump_optuna(path)
    if damage == "not a database":
        path.write_bytes(b"holiday pictures" * 500)
    elif damage == "cut in half":
        os.truncate(path, path.stat().st_size // 2)
    else:
        other = SampleStudy(tmp_path / "other", name="another")
        other.journal.close()
        os.replace(mirror(other), path)
    content = path.read_bytes()
    notices: list[str] = []
    assert dump_optuna(mirror(study, notices)) == whole
    assert len(notices) == 1 and "study.aside-1.db" in notices[0]
    assert path.with_name("study.aside-1.db").read_bytes() == content


def test_rows_lost_in_a_power_cut_are_written_again(study: SampleStudy) -> None:
    """The file does not wait for the disk, so what it holds is compared with the history at every start."""
    first_sitting(study)
    path = mirror(study)
    whole = dump_optuna(path)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM trial_intermediate_values WHERE step > 1")
    connection.execute("UPDATE trials SET state = 'RUNNING', datetime_complete = NULL")
    connection.commit()
    connection.close()
    assert dump_optuna(mirror(study)) == whole


def test_a_locked_file_is_a_tracking_error(study: SampleStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweep.mirrors.optuna_file._LOCK_TIMEOUT_S", 0.1)
    path = mirror(study)
    study.start()
    study.create(0)
    connection = sqlite3.connect(path)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(TrackingError, match="locked"):
            mirror(study)
    finally:
        connection.close()
    assert states(mirror(study)) == [State.RUNNING]


def test_optuna_announces_nothing_and_keeps_the_level_that_the_user_set(
    study: SampleStudy, caplog: pytest.LogCaptureFixture
) -> None:
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    logging.getLogger("optuna").addHandler(caplog.handler)
    try:
        first_sitting(study)
        mirror(study)
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
        assert caplog.messages == []
    finally:
        logging.getLogger("optuna").removeHandler(caplog.handler)
        optuna.logging.set_verbosity(level)


def test_a_path_with_special_characters_is_taken_as_it_is(tmp_path: Path) -> None:
    study = SampleStudy(tmp_path / "50% {of} café #1?")
    path = mirror(study)
    study.journal.close()
    assert path.exists()
