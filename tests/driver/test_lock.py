"""One driver per study."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweep.driver.lock import hold_study, holder_of
from sweep.errors import StudyError


def test_the_holder_is_named_and_nobody_else_gets_in(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    with hold_study(tmp_path):
        assert f"process {os.getpid()} on" in (holder_of(tmp_path) or "")
        with pytest.raises(StudyError, match=f"process {os.getpid()}"), hold_study(tmp_path):
            pass
    assert holder_of(tmp_path) is None


def test_a_lock_whose_holder_was_killed_is_free(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from sweep.driver.lock import hold_study\n"
        "with hold_study(Path(sys.argv[1])):\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode < 0
    with hold_study(tmp_path):
        pass
