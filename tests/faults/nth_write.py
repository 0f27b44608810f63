"""A fault at the first, the second, the third … call that writes, until the work gets through without one.

strace is attached to a process and kills it at its nth such call, or makes the call fail. The work is a function, done in a
process that is forked from one which has everything imported and no threads: so each try takes moments, and every try begins
in the same state.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
TAKING_ROOM = ("write", "fsync", "rename|renameat|renameat2")
WRITING = (*TAKING_ROOM, "ftruncate", "fchmod", "unlink|unlinkat")
"""Calls that a file is made with. Of those with several names a machine has one; strace counts every name by itself."""


class Fault(StrEnum):
    killed = "signal=KILL"
    no_room = "error=ENOSPC"
    broken = "error=EIO"


@dataclass
class Try:
    """One time that the work was done, or begun."""

    call: str = ""
    nth: int = 0
    said: list[str] = field(default_factory=list)
    status: int = 0
    """As of os.waitstatus_to_exitcode."""
    has_fired: bool = False


@contextmanager
def faulty(pid: int, fault: Fault, call: str, nth: int, log: Path) -> Iterator[None]:
    """Within, each thread of the process meets `fault` at its nth `call`; skips the test where that cannot be done."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    names = ",".join(f"?{name}" for name in call.split("|"))  # ?: where there is one of that name
    command = ["strace", "-f", "-p", str(pid), "-o", str(log), "-e", f"trace={names}", "-e", f"inject={names}:{fault}:when={nth}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        first = tracer.stderr.readline()
        if "attached" not in first:
            pytest.skip(f"strace cannot be used here: {first}")
        try:
            yield
        finally:
            tracer.terminate()


def has_fired(log: Path) -> bool:
    text = log.read_text(errors="replace")
    return "(INJECTED)" in text or "killed by SIGKILL" in text


class Stage:
    """A process that has imported a module and does what its functions do, each time in a forked child."""

    def __init__(self, module: str, folder: Path) -> None:
        code = f"from tests.faults.nth_write import wait_for_work; wait_for_work({module!r})"
        path = os.pathsep.join([str(_ROOT), str(_ROOT / "src")])
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
        self._log = folder / "calls.log"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
        )

    def run(self, function: str, *words: object, fault: Fault | None = None, call: str = "", nth: int = 0) -> Try:
        """Does `function(*words)`, in words; with a fault at the nth `call`."""
        self._tell(json.dumps([function, *map(str, words)]))
        pid = int(self._hear())
        if fault is None:
            return self._finish(Try())
        with faulty(pid, fault, call, nth, self._log):
            found = self._finish(Try(call, nth))
        found.has_fired = has_fired(self._log)
        return found

    def each(self, function: str, *words: object, fault: Fault, calls: Sequence[str], step: int = 1) -> Iterator[Try]:
        """Tries with the fault at the first, the second, … of each of `calls`, until it gets through without it."""
        for call in calls:
            for nth in count(1, step):
                found = self.run(function, *words, fault=fault, call=call, nth=nth)
                yield found
                if not found.has_fired:
                    break

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _finish(self, found: Try) -> Try:
        self._tell("go")
        while not (line := self._hear()).startswith("ended "):
            found.said.append(line)
        found.status = int(line.split()[1])
        return found

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")

    def _hear(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the stage is gone"
        return line.rstrip("\n")


def say(text: object) -> None:
    """To whoever started the work, by a call that no fault is put into."""
    os.writev(1, [f"{text}\n".encode()])


def wait_for_work(module: str) -> None:
    """The stage's process: a line of JSON names a function and its words; a child does it when it gets another line."""
    functions = importlib.import_module(module)
    while line := _read_line():
        name, *words = json.loads(line)
        child = os.fork()
        if not child:
            _perform(getattr(functions, name), words)
        say(child)
        _, status = os.waitpid(child, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


def _perform(function: object, words: list[str]) -> None:
    _read_line()
    status = 1
    try:
        function(*words)  # type: ignore[operator]
        status = 0
    except OSError as error:
        say(f"OSError {error}")
    except BaseException:
        say(traceback.format_exc())
    os._exit(status)


def _read_line() -> bytes:
    """Without a buffer: what comes after belongs to another process."""
    line = b""
    while not line.endswith(b"\n") and (char := os.read(0, 1)):
        line += char
    return line
