"""What holds for every mirror, whatever its store."""

from __future__ import annotations

import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.storages import RDBStorage
from tests.mirrors.sample import DISTRIBUTIONS, SampleStudy, early_sitting, first_sitting, second_sitting, third_sitting
from tests.mirrors.stores import dump_mlflow, dump_optuna, new_mlflow

from sweep.errors import TrackingError
from sweep.mirrors.mirror import Mirror
from sweep.mirrors.mlflow_mirror import MlflowMirror
from sweep.mirrors.mlflow_mirror_client import MlflowTracking
from sweep.mirrors.optuna_file import StudyFile
from sweep.mirrors.optuna_mirror import OptunaMirror


class Place(ABC):
    """A store in a folder of its own, for the mirror of one study."""

    entries_per_step = 1

    def __init__(self, study: SampleStudy, folder: Path) -> None:
        folder.mkdir()
        self.study, self.folder = study, folder

    @abstractmethod
    def mirror(self) -> Mirror: ...

    @abstractmethod
    def dump(self) -> Any:
        """All that the store shows."""

    @abstractmethod
    def set_cursor_back(self) -> None:
        """As if the process had died after the store was written, before the cursor was."""

    @abstractmethod
    def make_unreachable(self) -> Callable[[], None]:
        """Returns what makes it reachable again."""

    def deliver(self, upto: int | None = None) -> None:
        mirror = self.mirror()
        mirror.catch_up(self.study.entries[:upto])
        assert mirror.cursor == len(self.study.entries[:upto])
        mirror.close()


class OptunaPlace(Place):
    def mirror(self) -> Mirror:
        return OptunaMirror(StudyFile(self.folder / "study.db", pytest.fail), DISTRIBUTIONS)

    def dump(self) -> Any:
        return dump_optuna(self.folder / "study.db")

    def set_cursor_back(self) -> None:
        """It has none on disk: the whole file is compared at every start."""

    def make_unreachable(self) -> Callable[[], None]:
        gone = self.folder.rename(self.folder.with_name("gone"))

        def come_back() -> None:
            gone.rename(self.folder)

        return come_back


class MlflowPlace(Place):
    entries_per_step = 4

    def __init__(self, study: SampleStudy, folder: Path) -> None:
        super().__init__(study, folder)
        self.uri = new_mlflow(folder)

    def mirror(self) -> Mirror:
        return MlflowMirror(self.study.folder, pytest.fail, self.uri)

    def dump(self) -> Any:
        return dump_mlflow(self.uri)

    def set_cursor_back(self) -> None:
        (self.study.folder / "mirrors" / "mlflow.json").unlink()

    def make_unreachable(self) -> Callable[[], None]:
        uri, self.uri = self.uri, "http://127.0.0.1:9"  # the discard port, where nobody listens

        def come_back() -> None:
            self.uri = uri

        return come_back


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleStudy]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk's pace is no part of these tests
    study = SampleStudy(tmp_path / "outputs" / "study")
    yield study
    study.journal.close()


@pytest.fixture(params=[OptunaPlace, MlflowPlace])
def new_place(request: pytest.FixtureRequest, study: SampleStudy, tmp_path: Path) -> Callable[[str], Place]:
    return lambda name: request.param(study, tmp_path / name)


def live(study: SampleStudy) -> None:
    for sitting in (first_sitting, second_sitting, third_sitting, early_sitting):
        sitting(study)


def test_little_by_little_and_all_at_once_show_the_same(new_place: Callable[[str], Place], study: SampleStudy) -> None:
    live(study)
    stepwise, at_once = new_place("a"), new_place("b")
    mirror = stepwise.mirror()
    for upto in (*range(1, len(study.entries), stepwise.entries_per_step), len(study.entries)):
        mirror.catch_up(study.entries[:upto])
    mirror.close()
    at_once.deliver()
    assert stepwise.dump() == at_once.dump()


def test_delivering_what_is_there_already_changes_nothing(new_place: Callable[[str], Place], study: SampleStudy) -> None:
    live(study)
    place = new_place("a")
    place.deliver()
    before = place.dump()
    place.deliver()
    assert place.dump() == before
    place.set_cursor_back()
    place.deliver()
    assert place.dump() == before


def test_a_death_between_the_store_and_the_cursor_duplicates_nothing(
    new_place: Callable[[str], Place], study: SampleStudy
) -> None:
    live(study)
    place, plain = new_place("a"), new_place("b")
    for upto in range(1, len(study.entries), 7):
        place.deliver(upto)
        place.set_cursor_back()
    place.deliver()
    plain.deliver()
    assert place.dump() == plain.dump()


def test_an_unreachable_store_is_an_error_and_everything_arrives_once_later(
    new_place: Callable[[str], Place], study: SampleStudy
) -> None:
    place, plain = new_place("a"), new_place("b")
    first_sitting(study)
    place.deliver(10)
    come_back = place.make_unreachable()
    mirror = place.mirror()
    with pytest.raises(TrackingError):
        mirror.catch_up(study.entries)
    come_back()
    place.deliver()
    plain.deliver()
    assert place.dump() == plain.dump()


def test_a_mirror_survives_a_failure_and_goes_on(
    new_place: Callable[[str], Place], study: SampleStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same object, failing in the middle of a delivery, delivers the rest when it is asked again."""
    live(study)
    place, plain = new_place("a"), new_place("b")
    mirror = place.mirror()
    mirror.catch_up(study.entries[:8])
    calls = itertools.count()
    target = MlflowTracking if isinstance(place, MlflowPlace) else RDBStorage
    name = "log" if isinstance(place, MlflowPlace) else "set_trial_intermediate_value"
    real = getattr(target, name)

    def fail_once(*arguments: Any) -> Any:
        if next(calls) == 2:
            raise OSError("the disk is gone") if target is RDBStorage else TrackingError("the server is gone")
        return real(*arguments)

    monkeypatch.setattr(target, name, fail_once)
    with pytest.raises(TrackingError):
        mirror.catch_up(study.entries)
    mirror.catch_up(study.entries)
    mirror.close()
    plain.deliver()
    assert place.dump() == plain.dump()
