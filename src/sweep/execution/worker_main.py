"""A worker process: `python -m sweep.execution.worker_main FD DRIVER_PID NAME FUNCTION`.

Jobs come and messages go over the socket FD. Standard input is the lifeline: a byte on it asks to stop at the next epoch's
end, its end means that the driver is gone, however it went.
"""

from __future__ import annotations

import faulthandler
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from sweep.errors import SweepError
from sweep.execution.executor import Job
from sweep.execution.job_function import perform, resolve
from sweep.execution.wire import FromWorker, Raised, Sign

_LIFELINE_FD = 0
_LOOK_AT_PARENT_EVERY_S = 0.5
_PULSE_EVERY_S = 0.5


def main() -> None:
    """Does jobs until the driver lets go of the lifeline."""
    handle, driver_pid, name, reference = sys.argv[1:]
    stopping = threading.Event()
    threading.Thread(target=_watch_lifeline, args=(stopping, int(driver_pid)), daemon=True).start()
    faulthandler.enable()
    os.set_inheritable(int(handle), False)
    driver: Connection[FromWorker, Job] = Connection(int(handle))
    function = resolve(reference)
    driver.send(Sign.ready)
    pulse = _seldom(lambda: driver.send(Sign.alive))
    while True:
        job = driver.recv()
        try:
            driver.send(perform(function, job, name, driver.send, stopping.is_set, pulse, sys.stderr))
        except SweepError as error:
            driver.send(Raised(job.key, error))


def _seldom(send: Callable[[], None]) -> Callable[[], None]:
    """`send`, but not again within `_PULSE_EVERY_S`: batches of small networks end a thousand times a second."""
    last = time.monotonic()

    def pulse() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PULSE_EVERY_S:
            last = now
            send()

    return pulse


def _watch_lifeline(stopping: threading.Event, driver_pid: int) -> None:
    # The parent is looked at too: a process forked from the driver may hold the lifeline open after the driver's end.
    while os.getppid() == driver_pid:
        if select.select([_LIFELINE_FD], [], [], _LOOK_AT_PARENT_EVERY_S)[0]:
            if not os.read(_LIFELINE_FD, 1):
                break
            stopping.set()
    os._exit(1)


if __name__ == "__main__":
    main()
