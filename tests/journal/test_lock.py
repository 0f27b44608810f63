from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sweep.journal.lock import take_lock


def test_one_at_a_time_and_the_waiting_is_told_once(tmp_path: Path) -> None:
    path, told = tmp_path / "lock", []
    with take_lock(path, timeout_s=0):
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"held .*lock for 0.3 s"), take_lock(path, 0.3, lambda: told.append("waits")):
            pytest.fail("it was held twice")
        assert time.monotonic() - began >= 0.3
    assert told == ["waits"]
    with take_lock(path, timeout_s=0, on_wait=lambda: pytest.fail("nobody held it")):
        pass


def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import os, signal, sys; from pathlib import Path; from sweep.journal.lock import take_lock\n"
        "with take_lock(Path(sys.argv[1]), 0):\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode < 0
    with take_lock(path, timeout_s=0):
        pass
