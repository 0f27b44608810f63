"""Optuna's study on a real PostgreSQL, which is stopped and started again in the middle of it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import optuna
import pytest
import sqlalchemy

from sweep.errors import TrackingError
from sweep.journal.events import JobOutcome
from sweep.mirrors import pump as pump_module
from sweep.mirrors.mirror import study_uid
from sweep.mirrors.optuna_mirror import OptunaMirror
from sweep.mirrors.optuna_server import StudyServer
from sweep.mirrors.pump import MirrorPump
from tests.mirrors.checker import check_optuna
from tests.mirrors.mlflow_server import free_port
from tests.mirrors.sample import DISTRIBUTIONS, SampleStudy, first_sitting, second_sitting, third_sitting

PASSWORD = "hunter2/x@y"
QUOTED = "hunter2%2Fx%40y"


def binaries() -> Path | None:
    """Debian keeps them off the path."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


class Postgres:
    """A server of its own in `folder`, run by whoever may run one."""

    def __init__(self, folder: Path, bin: Path) -> None:
        self.port, self._data, self._bin = free_port(), folder / "data", bin
        self._user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        if self._user:
            shutil.chown(folder, self._user)
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        self._run("initdb", "-U", "me", "--pwfile", str(secret), "-A", "scram-sha-256", "-N", "-E", "UTF8", "--locale=C")
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"port = {self.port}\nfsync = off\nunix_socket_directories = ''\nlisten_addresses = '127.0.0.1'\n")
        self.start()

    @property
    def address(self) -> str:
        return f"postgresql+psycopg://me:{QUOTED}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        self._run("pg_ctl", "start", "-w", "-l", str(self._data / "log"))

    def stop(self) -> None:
        """As a power cut does it."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), "-D", str(self._data), *arguments]
        # Not a pipe: the server would keep it open.
        subprocess.run(command, check=True, user=self._user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="needs psycopg")
    bin = binaries()
    if bin is None:
        pytest.skip("needs PostgreSQL's own programs: initdb, pg_ctl")
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:  # pytest's own are not open to the user that runs it
        server = Postgres(Path(folder), bin)
        yield server
        server.stop()


@pytest.fixture
def new_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], SampleStudy]]:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk's pace is no part of these tests
    made: list[SampleStudy] = []

    def make(name: str) -> SampleStudy:
        made.append(SampleStudy(tmp_path / str(len(made)), name=name, start=1_790_000_000.0 + len(made)))
        return made[-1]

    yield make
    for study in made:
        study.journal.close()


def mirror_to(address: str) -> OptunaMirror:
    return OptunaMirror(StudyServer(address), DISTRIBUTIONS)


def deliver(address: str, study: SampleStudy) -> None:
    with closing(mirror_to(address)) as mirror:
        mirror.catch_up(study.entries)


def test_a_study_on_a_server_is_as_in_a_file(postgres: Postgres, new_study: Callable[[str], SampleStudy]) -> None:
    study = new_study("plain")
    with closing(mirror_to(postgres.address)) as mirror:
        for sitting in (first_sitting, second_sitting, third_sitting):
            sitting(study)
            mirror.catch_up(study.entries)
    assert check_optuna(postgres.address, study.entries) == []
    deliver(postgres.address, study)
    assert check_optuna(postgres.address, study.entries) == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # see `forget_broken_connections`
def test_a_server_restarted_midway_has_everything_once(
    postgres: Postgres, new_study: Callable[[str], SampleStudy], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("POLL_S", "FIRST_WAIT_S", "LONGEST_WAIT_S", "HURRIED_WAIT_S"):
        monkeypatch.setattr(pump_module, name, 0.02)
    study = new_study("restarted")
    pump = MirrorPump([mirror_to(postgres.address)], study.entries)
    errors = []
    for number, sitting in enumerate((first_sitting, second_sitting, third_sitting)):
        sitting(study)
        time.sleep(0.2 * number)  # before it is connected, then in the middle of it
        postgres.stop()
        study.start()
        errors += watch_errors(pump.feeds[0])
        postgres.start()
    study.end()
    assert pump.flush(timeout_s=30) == [], pump.feeds[0].error
    pump.close()
    forget_broken_connections()
    assert errors  # the first stop comes before there are any tables
    assert all(error.startswith("Optuna's storage postgresql+psycopg://***@127.0.0.1") for error in errors), errors
    assert not any("hunter2" in error for error in errors)
    assert check_optuna(postgres.address, study.entries) == []


def forget_broken_connections() -> None:
    """Optuna leaves one behind where it fails while it is opened, and psycopg complains about that when it is collected."""
    gc.collect()


def watch_errors(feed: pump_module.Feed) -> set[str]:
    """What the feed says of its next three attempts, as long as it has something to deliver: it may have been quicker."""
    seen: set[str] = set()
    for _ in range(3):
        feed.error = ""
        deadline = time.monotonic() + 20
        while not feed.error and feed.waiting:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        seen.add(feed.error)
    return seen - {""}


class Breaker:
    """Has the server end the connection of whoever executes the statement of that number."""

    def __init__(self, postgres: Postgres) -> None:
        import psycopg

        self.left = 0
        self._connection = psycopg.connect(postgres.address.replace("+psycopg", ""), autocommit=True)
        sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", self._count)

    def close(self) -> None:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", self._count)
        self._connection.close()

    def _count(self, connection: sqlalchemy.Connection, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
            self._connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # see `forget_broken_connections`
def test_a_connection_that_breaks_at_any_statement_is_a_tracking_error(
    postgres: Postgres, new_study: Callable[[str], SampleStudy]
) -> None:
    broken = 0
    with closing(Breaker(postgres)) as breaker:
        for statement in range(1, 90, 4):
            study = new_study(f"broken at {statement}")
            study.start()
            study.create(0)
            study.job(0, 1, 2, JobOutcome.failed)
            with closing(mirror_to(postgres.address)) as mirror:
                breaker.left = statement
                try:
                    mirror.catch_up(study.entries)
                except TrackingError as error:
                    assert "hunter2" not in error.line
                    broken += 1
                    mirror.catch_up(study.entries)
            assert check_optuna(postgres.address, study.entries) == []
    forget_broken_connections()
    assert broken > 10


@pytest.mark.slow
def test_studies_of_one_name_live_side_by_side(postgres: Postgres, new_study: Callable[[str], SampleStudy]) -> None:
    studies = [new_study("twin") for _ in range(3)]
    for study in studies:
        first_sitting(study)
        deliver(postgres.address, study)
    second_sitting(studies[1])
    deliver(postgres.address, studies[1])
    names = ["twin", *(f"twin-{study_uid(study.entries[0])}" for study in studies[1:])]
    for study, name in zip(studies, names, strict=True):
        assert check_optuna(postgres.address, study.entries, name) == []


def start_and_deliver(address: str, folder: Path, ready: threading.Barrier) -> None:
    study = SampleStudy(folder, name="at once", start=1_790_000_000.0 + len(folder.name))
    first_sitting(study)
    ready.wait()
    deliver(address, study)


@pytest.mark.slow
def test_drivers_that_start_at_once_on_an_empty_database_all_find_their_place(postgres: Postgres, tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(postgres.address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE DATABASE fresh"))
    engine.dispose()
    address = postgres.address.replace("/postgres", "/fresh")
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(4)
    drivers = [context.Process(target=start_and_deliver, args=(address, tmp_path / ("x" * n), ready)) for n in range(1, 5)]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join(60)
    assert [driver.exitcode for driver in drivers] == [0, 0, 0, 0]
    storage = optuna.storages.RDBStorage(address)
    assert [summary.n_trials for summary in optuna.get_all_study_summaries(storage)] == [3, 3, 3, 3]
    storage.remove_session()
    storage.engine.dispose()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://me:wrong-hunter3@127.0.0.1:{port}/postgres",
        "postgresql+psycopg://me:hunter3/x@127.0.0.1:{port}/postgres",
        "postgresql+psycopg://me:hunter3@127.0.0.1:{port}/nowhere",
        "postgresql+nodriver://me:hunter3@127.0.0.1/postgres",
        "hunter3://me",
        "me:hunter3",
    ],
)
def test_no_error_shows_the_password(
    postgres: Postgres, new_study: Callable[[str], SampleStudy], address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(TrackingError) as caught:
        mirror_to(address.format(port=postgres.port)).catch_up(new_study("secret").entries)
    shown = f"{caught.value.line} {caught.value.__cause__} {caplog.text}"
    assert "OPTUNA_STORAGE" in shown and "hunter3" not in shown and caught.value.__suppress_context__
