"""Runs every property test (`-m fuzz`) with new random examples, round by round, until the time is up.

    python -m benchmarks.fuzz --minutes 20 [--seed N] [--examples N]

Prints how often each test ran, and every finding with what repeats it; exit code 1 where there is one.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter

HANGS_S = 600
EXAMPLES = 300
"""Per test and round: small enough for some rounds, each with a seed of its own."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description="Looks for inputs that break a property.")
    parser.add_argument("--minutes", type=float, default=20.0, metavar="M", help="how long (20)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the first round; the next has N + 1 (1)")
    parser.add_argument("--examples", type=int, default=EXAMPLES, metavar="N", help=f"per test and round ({EXAMPLES})")
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    seed = options.seed
    while (left_s := deadline - time.monotonic()) > 0:
        passing, failing, output = one_round(seed, options.examples, left_s)
        passed.update(passing)
        failed.update(failing)
        if output:
            print(output)
            print(f"again: SWEEP_FUZZ_EXAMPLES={options.examples} python -m pytest -m fuzz --hypothesis-seed={seed}\n")
        print(f"round {seed - options.seed + 1}, seed {seed}: {len(passing)} passed, {len(failing)} failed", flush=True)
        seed += 1
    for test in sorted(passed | failed):
        print(f"{test}: {passed[test] + failed[test]} times with up to {options.examples} examples, {failed[test]} findings")
    print(f"rounds {seed - options.seed}, tests {len(passed | failed)}, findings {failed.total()}")
    return 1 if failed or not passed else 0


def one_round(seed: int, examples: int, left_s: float) -> tuple[list[str], list[str], str]:
    """The tests that passed, those that did not, and what pytest says of those; a test that time cuts off is neither."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "fuzz",
        "-v",
        "-p",
        "no:cacheprovider",
        "-o",
        f"faulthandler_timeout={HANGS_S}",
        "-o",
        "faulthandler_exit_on_timeout=true",
        f"--hypothesis-seed={seed}",
        "tests",
    ]
    environment = os.environ | {"SWEEP_FUZZ_EXAMPLES": str(examples), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            output, _ = running.communicate(timeout=left_s)
        except subprocess.TimeoutExpired:
            running.kill()
            output, _ = running.communicate()
            print(f"the time ended in: {(output.splitlines() or ['the start'])[-1]}")
    found = re.findall(r"^(tests/[^\s\[]+)\S* (PASSED|FAILED|ERROR)", output, re.MULTILINE)
    passing = [test for test, outcome in found if outcome == "PASSED"]
    failing = [test for test, outcome in found if outcome != "PASSED"]
    if running.returncode not in (0, 1, -signal.SIGKILL):  # a crash, or a test that hung (pytest's faulthandler ends it)
        failing.append(f"pytest ended with {running.returncode}")
    went_wrong = bool(failing)
    return passing, failing, output.partition("= FAILURES =")[2] or output if went_wrong else ""


if __name__ == "__main__":
    sys.exit(main())
