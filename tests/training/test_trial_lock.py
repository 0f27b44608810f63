from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from tests.training.watcher import Watcher

from sweep.errors import StudyError
from sweep.training import trial_lock
from sweep.training.loop import train

HOLD = """
import sys
from pathlib import Path
from sweep.training.trial_lock import hold_trial
with hold_trial(Path(sys.argv[1]), print, print):
    print("holds", flush=True)
    sys.stdin.readline()
    Path(sys.argv[1], "checkpoint.pt").write_text("written late")
"""


@contextmanager
def another_process_in(folder):
    """Holds the trial until it is killed or gets a line."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout.readline() == "holds\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_stopped_worker_that_still_has_the_trial_is_named_after_a_while_and_no_file_is_touched(
    make_setup, dataset, plain_network, monkeypatch
):
    monkeypatch.setattr(trial_lock, "_TIMEOUT_S", 0.7)
    setup = make_setup()
    with another_process_in(setup.folder) as other:
        other.send_signal(signal.SIGSTOP)
        notices, pulses = [], []
        said = {
            "on_epoch": print,
            "should_stop": lambda: False,
            "on_notice": notices.append,
            "on_batch": lambda: pulses.append(1),
        }
        with pytest.raises(StudyError, match=rf"^process {other.pid} on \S+ still trains in .*stop that process"):
            train(setup, dataset, 1, **said)
        assert notices == [f"waits for {(setup.folder / '.lock').read_text().strip()}, which still trains in {setup.folder}"]
        assert pulses, "who waits is not lost"
        assert [path.name for path in setup.folder.iterdir()] == [".lock"]
        other.kill()  # works on a stopped process too
        other.wait()
        assert Watcher().run(setup, dataset, 1).epoch == 1


def test_a_worker_that_leaves_in_time_has_written_before_the_next_one_reads(make_setup, dataset, plain_network):
    setup = make_setup()
    with another_process_in(setup.folder) as other:

        def let_it_end(notice):
            notices.append(notice)
            if notice.startswith("waits"):
                other.communicate("\n")

        notices = []
        train(setup, dataset, 1, on_epoch=print, should_stop=lambda: False, on_notice=let_it_end)
    assert notices[0].startswith(f"waits for process {other.pid}")
    assert "checkpoint.pt is damaged" in notices[1]
    assert (setup.folder / "checkpoint.pt").read_bytes().startswith(b"sweep-checkpoint")


def test_a_trial_is_held_while_it_trains_and_not_after(make_setup, dataset, plain_network, monkeypatch):
    monkeypatch.setattr(trial_lock, "_TIMEOUT_S", 0.0)
    setup = make_setup()

    def second(report):
        with pytest.raises(StudyError, match="still trains"):
            Watcher().run(setup, dataset, 1)

    train(setup, dataset, 1, on_epoch=second, should_stop=lambda: False, on_notice=lambda text: None)
    Watcher().run(setup, dataset, 1)
