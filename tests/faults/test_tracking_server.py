"""A tracking server that goes away, hangs, forgets to answer: the training never waits, and in the end all is there once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sweep.journal.events import ArtifactsWritten, JobOutcome
from sweep.mirrors import pump as pump_module
from sweep.mirrors.mlflow_mirror import MlflowMirror
from sweep.mirrors.pump import MirrorPump
from tests.faults.proxy import Fault, Proxy
from tests.mirrors.checker import check_mlflow
from tests.mirrors.mlflow_server import free_port, server_database, serving
from tests.mirrors.sample import SampleStudy, first_sitting, second_sitting, third_sitting

pytestmark = pytest.mark.filterwarnings("ignore")  # the server's own, which in life is another process
TIMEOUT_S = 1


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's own address."""
    with server_database(tmp_path_factory.mktemp("server")), serving(free_port()) as uri:
        yield uri


@pytest.fixture
def proxy(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(TIMEOUT_S))
    for name in ("POLL_S", "FIRST_WAIT_S", "LONGEST_WAIT_S", "HURRIED_WAIT_S"):
        monkeypatch.setattr(pump_module, name, 0.05)
    made = Proxy(int(server.rpartition(":")[2]))
    yield made
    made.resume()
    made.die()


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleStudy]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk's pace is no part of these tests
    study = SampleStudy(tmp_path / "study", start=time.time())  # a study of its own on the server that all share
    yield study
    study.journal.close()


@pytest.fixture
def pump(study: SampleStudy, proxy: Proxy) -> Iterator[MirrorPump]:
    made = MirrorPump([MlflowMirror(study.folder, pytest.fail, proxy.uri)], study.entries)
    yield made
    made.close()


def until(holds: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def train(*sittings: Callable[[SampleStudy], None], study: SampleStudy) -> None:
    """Writes the journal of the sittings, as fast as it is written without any mirror."""
    began = time.monotonic()
    for sitting in sittings:
        sitting(study)
    assert time.monotonic() - began < 1, "the training waited"


def some_trials(study: SampleStudy) -> None:
    """One is complete and one failed, and there are files."""
    study.start()
    study.create(0)
    study.job(0, 1, 6)
    study.create(1)
    study.job(1, 1, 1, JobOutcome.failed)
    study.artifacts(None, "report/report.md")
    study.artifacts(0, "trials/0000/figures/confusion.txt")
    study.end()


def all_is_there_once(pump: MirrorPump, study: SampleStudy, server: str) -> bool:
    assert pump.flush(timeout_s=30) == []
    assert check_mlflow(server, study.entries, study.folder) == []
    return True


def test_a_server_that_is_down_at_the_start_gets_everything_later(
    pump: MirrorPump, proxy: Proxy, study: SampleStudy, server: str
) -> None:
    proxy.die()
    train(some_trials, study=study)
    (feed,) = pump.feeds
    until(lambda: feed.error)
    assert "refused" in feed.error and "start the server" in feed.error
    assert feed.waiting == len(study.entries)
    proxy.revive()
    assert all_is_there_once(pump, study, server)


@pytest.mark.slow
def test_a_server_that_dies_midway_gets_the_rest_when_it_is_back(
    pump: MirrorPump, proxy: Proxy, study: SampleStudy, server: str
) -> None:
    train(first_sitting, study=study)
    until(lambda: any("log-batch" in line for line in proxy.requests))
    proxy.die()
    train(second_sitting, study=study)
    until(lambda: pump.feeds[0].error)
    assert pump.feeds[0].waiting
    proxy.revive()
    train(third_sitting, study=study)
    assert all_is_there_once(pump, study, server)


@pytest.mark.parametrize(
    ("request_line", "fault"),
    [
        ("runs/create", Fault.drop_reply),
        pytest.param("runs/log-batch", Fault.answer_500, marks=pytest.mark.slow),
        pytest.param("runs/log-batch", Fault.drop_reply, marks=pytest.mark.slow),
        pytest.param("PUT /api/2.0/mlflow-artifacts", Fault.drop_reply, marks=pytest.mark.slow),
        pytest.param("runs/create", Fault.answer_500, marks=pytest.mark.slow),
        pytest.param("runs/update", Fault.answer_500, marks=pytest.mark.slow),
        pytest.param("runs/log-batch", Fault.cut_body, marks=pytest.mark.slow),
    ],
)
def test_a_request_that_fails_three_times_is_made_good(
    pump: MirrorPump,
    proxy: Proxy,
    study: SampleStudy,
    server: str,
    request_line: str,
    fault: Fault,
    capfd: pytest.CaptureFixture[str],
) -> None:
    proxy.on(request_line, fault, times=3)
    train(some_trials, study=study)
    assert pump.flush(timeout_s=30) == []
    assert capfd.readouterr() == ("", ""), "MLflow's client has a lot to say about lost requests"
    assert all_is_there_once(pump, study, server)
    assert sum(request_line in line for line in proxy.requests) >= 3


def test_an_upload_that_was_cut_is_whole_in_the_end(pump: MirrorPump, proxy: Proxy, study: SampleStudy, server: str) -> None:
    study.start()
    study.create(0)
    (study.folder / "trials" / "0000").mkdir(parents=True)
    (study.folder / "trials" / "0000" / "large.bin").write_bytes(bytes(range(256)) * 4096)
    proxy.on("PUT /api/2.0/mlflow-artifacts", Fault.cut_body)
    study.journal.append(ArtifactsWritten(trial=0, files=["trials/0000/large.bin"]))
    assert all_is_there_once(pump, study, server)
    assert sum("large.bin" in line for line in proxy.requests if line.startswith("PUT")) == 2


def test_a_run_that_a_server_created_after_it_hung_is_not_there_twice(
    pump: MirrorPump, proxy: Proxy, study: SampleStudy, server: str
) -> None:
    proxy.on("runs/create", Fault.hang)
    train(some_trials, study=study)
    until(lambda: sum("runs/create" in line for line in proxy.requests) >= 2)  # given up, and made another one
    proxy.resume()
    until(lambda: pump.feeds[0].waiting == 0)
    study.report(1, 2)
    assert all_is_there_once(pump, study, server)


def test_a_server_that_hangs_holds_nobody_up(pump: MirrorPump, proxy: Proxy, study: SampleStudy, server: str) -> None:
    proxy.on("", Fault.hang, times=1000)
    train(some_trials, study=study)
    until(lambda: proxy.requests)
    began = time.monotonic()
    assert pump.flush(timeout_s=0.3) == pump.feeds
    pump.close()
    assert time.monotonic() - began < 0.3 + 0.5
    assert pump.feeds[0].error and pump.feeds[0].waiting == len(study.entries)


@pytest.mark.slow
def test_a_server_that_hung_gets_everything_when_it_goes_on(
    pump: MirrorPump, proxy: Proxy, study: SampleStudy, server: str
) -> None:
    proxy.on("log-batch", Fault.hang, times=2)
    train(some_trials, study=study)
    until(lambda: pump.feeds[0].error)
    assert "timed out" in pump.feeds[0].error.lower()
    proxy.resume()
    assert all_is_there_once(pump, study, server)


def test_nothing_is_shown_as_finished_that_failed(pump: MirrorPump, proxy: Proxy, study: SampleStudy, server: str) -> None:
    """Neither a trial nor a study without a single trained trial, whenever the server came back."""
    study.start()
    study.create(0)
    proxy.on("runs/update", Fault.answer_500, times=2)
    study.job(0, 1, 2, JobOutcome.failed)
    study.end(leaderboard=())
    assert all_is_there_once(pump, study, server)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_bad_connection_delivers_everything_in_the_end(
    pump: MirrorPump, proxy: Proxy, study: SampleStudy, server: str, seed: int
) -> None:
    proxy.be_unreliable(seed, share=0.15)
    train(first_sitting, second_sitting, third_sitting, study=study)
    until(lambda: pump.feeds[0].waiting == 0, timeout_s=60)
    proxy.be_unreliable(seed, share=0.0)
    study.report(1, 7)
    assert all_is_there_once(pump, study, server)
