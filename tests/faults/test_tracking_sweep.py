"""A whole sweep whose tracking servers are not there: it ends as ever, says what waits, and gives no password away."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from sweep.commands.sync import main as sync
from sweep.journal.journal import read
from sweep.journal.layout import JOURNAL
from tests.faults.audit import audit, study_folder
from tests.faults.noop import Script
from tests.faults.nursery import Nursery
from tests.faults.proxy import Fault, Proxy
from tests.mirrors.mlflow_server import free_port
from tests.mirrors.stores import new_mlflow

PASSWORD = "hunter2"
FAST = ("tracking.flush_timeout_s=1", "budget.trials=3")


@pytest.mark.slow
def test_a_sweep_without_its_servers_ends_says_so_and_tells_no_password(
    nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = tmp_path / "work"
    port = free_port()
    driver = nursery.start(
        where,
        *FAST,
        script=Script(epoch_s=0.05),
        MLFLOW_TRACKING_URI=f"http://me:{PASSWORD}@127.0.0.1:{port}/{PASSWORD}",
        OPTUNA_STORAGE=f"postgresql+psycopg://me:{PASSWORD}@127.0.0.1:{port}/x",
    )
    seen: list[str] = []
    while driver.is_at_work:
        seen += [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
        time.sleep(0.1)
    assert driver.wait() == 0
    said = driver.output()
    assert "events wait for MLflow" in said and "events wait for Optuna's storage" in said
    assert not [line for line in seen if PASSWORD in line]
    assert not [path for path in where.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]

    monkeypatch.chdir(where)
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_mlflow(where))
    assert sync([]) == 0
    count = len(read(study_folder(where) / JOURNAL))
    assert f"MLflow: all {count} events are delivered" in capsys.readouterr().out
    assert not audit(where)


@pytest.mark.slow
def test_a_server_that_hangs_holds_the_end_of_a_sweep_up_as_long_as_allowed(nursery: Nursery, tmp_path: Path) -> None:
    proxy = Proxy(free_port())
    proxy.on("", Fault.hang, times=1000)
    began = time.monotonic()
    nursery.run(tmp_path / "without", *FAST, "tracking=none")
    without_s = time.monotonic() - began
    status, said = nursery.run(tmp_path / "with", *FAST, MLFLOW_TRACKING_URI=proxy.uri)
    with_s = time.monotonic() - began - without_s
    proxy.resume()
    proxy.die()
    assert status == 0 and "events wait for MLflow" in said
    assert with_s - without_s < 10, "MLflow's client waits for 20 s"
