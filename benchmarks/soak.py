"""Kills sweeps at random moments, starts them again, and compares each with one that nobody killed.

    python -m benchmarks.soak --kills 200 --seed 1

Drivers and workers are real processes, killed with SIGKILL; the trials are noop (see tests/faults). The last line says what was
lost, is there twice, was left behind, or came out otherwise.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.audit import Findings, audit, results, workers_in
from tests.faults.noop import Script
from tests.faults.nursery import Driver, Nursery
from tests.pictures import make_pictures

from sweep.journal.history import TrialState, fold
from sweep.journal.journal import read
from sweep.journal.layout import JOURNAL

KILLS_PER_SWEEP = 12
SHARE_OF_WORKERS = 0.3
EPOCH_S = 0.02
_WORKERS_LEAVE_S = 5.0


@dataclass
class Tally:
    kills: int = 0
    sweeps: int = 0
    findings: Findings = field(default_factory=Findings)

    @property
    def line(self) -> str:
        found = self.findings
        return (
            f"kills {self.kills}, lost {len(found.lost)}, duplicated {len(found.duplicated)},"
            f" zombies {len(found.zombies)}, differing {len(found.differing)}"
        )


def soak(nursery: Nursery, folder: Path, kills: int, seed: int) -> Tally:
    """Kills until `kills` are done, over as many sweeps as that takes."""
    rng, tally = random.Random(seed), Tally()
    while tally.kills < kills:
        where = folder / f"{tally.sweeps:03d}"
        arguments, script = (f"seed={tally.sweeps}",), Script(epoch_s=EPOCH_S)
        started = time.monotonic()
        status, output = nursery.run(where / "unbroken", *arguments, script=script)
        lasts_s = time.monotonic() - started
        if status:
            raise SystemExit(f"the unbroken sweep ended with {status}: {output}")
        most = min(KILLS_PER_SWEEP, kills - tally.kills)
        _kill_again_and_again(nursery, where / "broken", arguments, script, most, lasts_s, rng, tally)
        tally.sweeps += 1
    return tally


def _kill_again_and_again(
    nursery: Nursery,
    where: Path,
    arguments: tuple[str, ...],
    script: Script,
    kills: int,
    lasts_s: float,
    rng: random.Random,
    tally: Tally,
) -> None:
    acknowledged: list[bytes] = []
    driver = nursery.start(where, *arguments, script=script)
    for _ in range(kills):
        time.sleep(rng.uniform(0, 2 * lasts_s / kills))
        if not driver.is_at_work:
            break
        acknowledged = _check_prefix(where, acknowledged, tally.findings)
        if rng.random() < SHARE_OF_WORKERS:
            tally.kills += _kill_a_worker(where, rng)
            continue
        driver.kill()
        tally.kills += 1
        acknowledged = _check_prefix(where, acknowledged, tally.findings)
        driver = nursery.start(where, *arguments, script=script)
    _finish(driver, where, acknowledged, tally)


def _finish(driver: Driver, where: Path, acknowledged: list[bytes], tally: Tally) -> None:
    """Leaves the sweep alone until it ends, and looks at what it came to."""
    status = driver.wait()
    if status:
        tally.findings.differing.append(f"{where}: exit status {status}: {driver.output()[-500:]}")
        return
    deadline = time.monotonic() + _WORKERS_LEAVE_S
    while workers_in(where) and time.monotonic() < deadline:
        time.sleep(0.05)
    _check_prefix(where, acknowledged, tally.findings)
    found = audit(where)
    for kind in ("lost", "duplicated", "zombies"):
        getattr(tally.findings, kind).extend(f"{where}: {text}" for text in getattr(found, kind))
    if results(where) != results(where.with_name("unbroken")):
        tally.findings.differing.append(f"{where}: not what the unbroken sweep came to")


def _lines(where: Path) -> list[bytes]:
    journals = list((where / "outputs").glob(f"*/{JOURNAL}"))
    # Whatever has no end of line was never acknowledged.
    return [line for path in journals for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def _check_prefix(where: Path, acknowledged: list[bytes], findings: Findings) -> list[bytes]:
    now = _lines(where)
    missing = [line for before, line in zip(now, acknowledged, strict=False) if before != line]
    if missing or len(now) < len(acknowledged):
        findings.lost.append(f"{where}: {len(missing) + max(0, len(acknowledged) - len(now))} lines of the journal")
    return now


def _kill_a_worker(where: Path, rng: random.Random) -> int:
    """Kills one, unless its trial has lost one already: a second one in a row fails the trial, as it should."""
    workers = workers_in(where)
    journals = list((where / "outputs").glob(f"*/{JOURNAL}"))
    if not workers or not journals or not journals[0].stat().st_size:
        return 0
    history = fold(read(journals[0]))
    if any(trial.deaths for trial in history.trials.values() if trial.state in (TrialState.running, TrialState.waiting)):
        return 0
    rng.choice(workers).kill()
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        nursery = Nursery(make_pictures(folder / "pictures", per_class=8), folder / "cache")
        try:
            tally = soak(nursery, folder, options.kills, options.seed)
        finally:
            nursery.close()
    for kind in ("lost", "duplicated", "zombies", "differing"):
        for text in getattr(tally.findings, kind):
            print(f"{kind}: {text}")
    print(f"{tally.sweeps} sweeps, {time.monotonic() - started:.0f} s, seed {options.seed}")
    print(tally.line)
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
