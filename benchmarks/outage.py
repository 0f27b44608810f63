"""Measures what an outage of the tracking server costs a sweep: sweeps with and without one, in turn.

    python -m benchmarks.outage --seconds 60 --pairs 3

The sweep, its driver, its worker and MLflow's server are real, the trials are noop (see tests/faults): each lasts as long as
it is told to, so that what is measured is the sweep's own doing. The server goes away after a quarter of the sweep, and what
waited is delivered before it ends. The last line gives the median of the ratios of wall times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.audit import study_folder
from tests.faults.noop import Script
from tests.faults.nursery import Nursery
from tests.faults.proxy import Proxy
from tests.mirrors.checker import check_mlflow
from tests.mirrors.mlflow_server import free_port, server_database, serving
from tests.pictures import make_pictures

from sweep.journal.journal import read
from sweep.journal.layout import JOURNAL

SWEEP_PER_OUTAGE = 2.5
"""How much longer than the outage the sweep is, about."""
EPOCHS = 36
"""Of a sweep, about."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outage", description="What an outage of the server costs.")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="how long the server is away (60)")
    parser.add_argument("--pairs", type=int, default=3, metavar="N", help="sweeps with and without an outage (3)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="outage-") as folder, _stores(Path(folder)) as (nursery, server):
        sweep_s(nursery, server, Path(folder) / "warm-up", 0.0, epoch_s=0.0)
        ratios = []
        for pair in range(options.pairs):
            place = Path(folder) / str(pair)
            epoch_s = SWEEP_PER_OUTAGE * options.seconds / EPOCHS
            # The order changes, so that a machine that slows down does not speak for either.
            times = {}
            for outage_s in sorted((0.0, options.seconds), reverse=bool(pair % 2)):
                times[outage_s] = sweep_s(nursery, server, place / f"{outage_s:g}", outage_s, epoch_s)
            ratios.append(times[options.seconds] / times[0.0])
            print(
                f"pair {pair + 1}: {times[0.0]:.1f} s without, {times[options.seconds]:.1f} s with: {ratios[-1]:.4f}", flush=True
            )
    print(f"an outage of {options.seconds:g} s: {statistics.median(ratios):.4f} times the wall time (median of {len(ratios)})")
    return 0


@contextmanager
def _stores(folder: Path) -> Iterator[tuple[Nursery, str]]:
    (folder / "server").mkdir()
    nursery = Nursery(make_pictures(folder / "pictures", per_class=8), folder / "cache")
    try:
        # The server in this process, which has nothing else to do.
        with server_database(folder / "server"), serving(free_port()) as server:
            yield nursery, server
    finally:
        nursery.close()


def sweep_s(nursery: Nursery, server: str, where: Path, outage_s: float, epoch_s: float) -> float:
    """The wall time of a sweep, seconds, in the middle of which the server is away for `outage_s`; all is there at its end."""
    proxy = Proxy(int(server.rpartition(":")[2]))
    outage = threading.Thread(target=_outage, args=[proxy, epoch_s * EPOCHS / 4, outage_s])
    began = time.monotonic()
    driver = nursery.start(where, "budget.trials=8", script=Script(epoch_s=epoch_s), MLFLOW_TRACKING_URI=proxy.uri)
    outage.start()
    status = driver.wait(timeout_s=120 + 4 * epoch_s * EPOCHS)
    took_s = time.monotonic() - began
    outage.join()
    proxy.die()
    if status:
        raise SystemExit(f"the sweep in {where} ended with {status}: {driver.output()}")
    folder = study_folder(where)
    problems = check_mlflow(server, read(folder / JOURNAL), folder)
    if problems:
        raise SystemExit(f"the server lacks something of the sweep in {where}: {problems}")
    return took_s


def _outage(proxy: Proxy, after_s: float, outage_s: float) -> None:
    if outage_s:
        time.sleep(after_s)
        proxy.die()
        time.sleep(outage_s)
        proxy.revive()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
