"""One sitting of a study, from taking it up to putting it down."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch

from sweep.config import Auto, ExecutionName
from sweep.config.fields import with_values
from sweep.driver.checkpoints import drop_surplus_checkpoints
from sweep.driver.conclude import conclude, write_due_artifacts
from sweep.driver.job import RUN_JOB
from sweep.driver.loop import SweepLoop, Watch
from sweep.driver.mirroring import mirrors_of
from sweep.driver.plan import Plan
from sweep.driver.sharing import largest_batch, share_machine
from sweep.driver.signals import StopNow, StopRequest, stop_on_signals
from sweep.driver.study import Study, take_up
from sweep.driver.view import Standing, View
from sweep.errors import EXIT_DONE, EXIT_OUR_FAULT
from sweep.execution.executor import Executor
from sweep.execution.inline import InlineExecutor
from sweep.execution.local_workers import LocalWorkers
from sweep.journal.events import EndReason, SittingEnded
from sweep.journal.history import History
from sweep.mirrors.pump import MirrorPump
from sweep.search.strategy import Strategy, make_strategy

STOPPED_FLUSH_S = 10.0
"""Who asked to stop does not wait longer for a store; what it lacks is delivered by the next start."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """What a sitting left behind."""

    history: History
    folder: Path
    exit_code: int
    undelivered: dict[str, int]
    """Events that a mirror's store has not taken, by mirror."""


def run_study(plan: Plan, view: View) -> Sitting:
    """Searches until the budget is spent or somebody stops it. With nothing left to do it only delivers what mirrors lack."""
    stop = StopRequest()
    with (
        take_up(plan) as study,
        closing(_start_mirrors(study, view)) as pump,
        stop_on_signals(stop),
    ):
        if plan.config.execution.threads not in (Auto.auto, study.machine.threads):
            view.notice(
                f"the study was opened with {study.machine.threads} thread(s) per worker, which stands: threads change results"
            )
        view.opened(study.history, study.folder, is_new=not study.history.sittings)
        strategy = _strategy(study)
        exit_code = EXIT_DONE
        try:
            if has_work(study, strategy):
                exit_code = _sit(study, strategy, stop, view, pump)
            timeout_s = study.config.tracking.flush_timeout_s
            pump.flush(min(timeout_s, STOPPED_FLUSH_S) if stop.requested else timeout_s)
        except StopNow:
            view.notice("stopped at once")
        return Sitting(study.history, study.folder, stop.exit_code or exit_code, undelivered(pump))


def _start_mirrors(study: Study, view: View) -> MirrorPump:
    return MirrorPump(mirrors_of(study.folder, study.space, study.config.tracking, view.notice), study.journal.entries)


def _sit(study: Study, strategy: Strategy, stop: StopRequest, view: View, pump: MirrorPump) -> int:
    """One sitting; whatever ends it, the journal says that it ended."""
    study.start_sitting()
    drop_surplus_checkpoints(study, view.notice)  # a kill may have come before the last time's
    try:
        _search(study, strategy, stop, view, pump)
        if not stop.requested:
            conclude(study, view)
    finally:
        if study.history.sittings[-1].end is None:
            study.record(SittingEnded(reason=EndReason.interrupted))
    return EXIT_DONE if stop.requested or study.history.best() else EXIT_OUR_FAULT


def undelivered(pump: MirrorPump) -> dict[str, int]:
    """Events that wait because of an error, by mirror."""
    return {feed.mirror.name: feed.waiting for feed in pump.feeds if feed.error and feed.waiting}


def say_troubles(pump: MirrorPump, said: set[str], view: View) -> None:
    """Says once per mirror why its events wait; `said` holds the mirrors of which it was said."""
    for feed in pump.feeds:
        if feed.error and feed.mirror.name not in said:
            said.add(feed.mirror.name)
            view.notice(f"{feed.error}. The search goes on without {feed.mirror.name}, and its events wait")


def has_work(study: Study, strategy: Strategy) -> bool:
    """Whether the budget leaves something to do, or the last sitting did not get to its end."""
    if not study.history.is_over:
        return True
    return not study.hours_are_spent and strategy.next(study.history) is not None


def _strategy(study: Study) -> Strategy:
    config = study.config
    return make_strategy(config.search, config.budget, study.space, study.history.opened.baseline, config.train.epochs)


def _search(study: Study, strategy: Strategy, stop: StopRequest, view: View, pump: MirrorPump) -> None:
    with make_executor(study) as executor:
        said: set[str] = set()

        def changed() -> None:
            say_troubles(pump, said, view)
            view.update(Standing(study.history, study.config.budget, executor.capacity, undelivered(pump)))

        stop.on_first = executor.stop
        try:
            watch = Watch(changed, lambda: write_due_artifacts(study, view, at_end=False), view.notice)
            SweepLoop(study, executor, strategy, stop, watch).run()
        except StopNow:
            executor.kill()
            raise
        finally:
            stop.on_first = lambda: None


def make_executor(study: Study) -> Executor:
    """The executor that the configuration asks for, with the threads that the study fixed when it was opened."""
    execution, machine, logs = study.config.execution, study.machine, study.folder / "logs"
    if execution.name is ExecutionName.inline:
        return InlineExecutor(RUN_JOB, log_folder=logs)
    batch_size = largest_batch(study.config, study.space)
    at_once = min(batch_size, machine.micro_batch or batch_size)
    as_opened = with_values(study.config, {"execution.threads": machine.threads, "device": machine.device})
    workers = share_machine(as_opened, study.heaviest, at_once).workers
    num_gpus = torch.cuda.device_count() if machine.device == "cuda" else 0
    return LocalWorkers(
        RUN_JOB,
        log_folder=logs,
        workers=workers,
        threads=machine.threads,
        num_gpus=num_gpus,
        timeout_s=execution.worker_timeout_s,
    )
