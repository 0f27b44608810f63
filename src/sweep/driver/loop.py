"""The sweep itself: ask the strategy, keep the executor busy, write down what comes back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

from sweep.config import Objective
from sweep.driver.checkpoints import drop_surplus_checkpoints
from sweep.driver.job import make_job
from sweep.driver.signals import StopRequest
from sweep.driver.study import Study
from sweep.errors import InternalError
from sweep.execution.executor import Died, Ended, Executor, JobKey, Message, Noticed, Reported
from sweep.journal.events import EpochReported, JobEnded, JobOutcome, JobResult, JobStarted, TrialCreated
from sweep.journal.files import remove_temporaries
from sweep.journal.history import TrialState
from sweep.search.strategy import NextJob, Strategy

MAX_DEATHS = 2
"""A job whose worker dies is tried once more, from its last checkpoint; then the trial is given up."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Whoever follows the loop."""

    changed: Callable[[], None]
    """Called whenever something happened in the study."""
    idle: Callable[[], None]
    """Called when the workers have all they can take: time for figures."""
    notice: Callable[[str], None]


class SweepLoop:
    """Runs jobs until the strategy has none left, the hours are spent or somebody asks to stop."""

    def __init__(self, study: Study, executor: Executor, strategy: Strategy, stop: StopRequest, watch: Watch) -> None:
        self._study = study
        self._executor = executor
        self._strategy = strategy
        self._stop = stop
        self._watch = watch
        self._has_said_stopping = False

    def run(self) -> None:
        """Returns when no job is running and none is to be started."""
        while True:
            self._fill()
            self._watch.changed()
            if not self._executor.busy:
                return
            self._watch.idle()
            self._executor.wait(self._receive, timeout_s=0.5)
            self._say_stopping()

    def _fill(self) -> None:
        while self._executor.busy < self._executor.capacity and not self._stop.requested and not self._study.hours_are_spent:
            job = self._strategy.next(self._study.history)
            if job is None:
                return
            self._launch(job)

    def _launch(self, job: NextJob) -> None:
        study = self._study
        if job.params is not None:
            epochs, rungs = study.schedule_of(job.params)
            study.record(TrialCreated(trial=job.trial, params=job.params, origin=job.origin, epochs=epochs, rungs=list(rungs)))
        worker = self._executor.next_worker
        attempt = study.history.trials[job.trial].attempts
        study.record(JobStarted(trial=job.trial, replicate=0, attempt=attempt, last_epoch=job.last_epoch, worker=worker))
        self._executor.submit(make_job(study, job.trial, attempt, job.last_epoch))

    def _say_stopping(self) -> None:
        if self._stop.requested and not self._has_said_stopping:
            self._has_said_stopping = True
            self._watch.notice("stopping at the end of the epoch; Ctrl-C once more stops at once")

    def _receive(self, message: Message) -> None:
        self._say_stopping()
        trial = self._study.history.trials[message.key.trial]
        if isinstance(message, Died):  # in the middle of a write, perhaps
            remove_temporaries(self._study.trial_folder(trial.number))
        if message.key.attempt != trial.attempts - 1 or trial.state is not TrialState.running:
            return  # from an attempt that was given up
        match message:
            case Reported():
                self._report(message)
            case Noticed(text=text):
                self._watch.notice(f"trial {trial.number}: {text}")
            case Ended(result=result):
                self._end(message.key, result)
            case Died():
                self._died(message)
        self._watch.changed()

    def _report(self, message: Reported) -> None:
        problem = _problem_with(message, self._study.history.objective)
        if problem:
            self._executor.give_up(message.key)
            epoch = self._study.history.trials[message.key.trial].epochs_done
            self._end(message.key, JobResult(outcome=JobOutcome.failed, epoch=epoch, reason=problem))
            return
        self._write_down(message)
        if self._study.hours_are_spent:
            self._executor.stop()

    def _write_down(self, message: Reported) -> None:
        known = self._study.history.trials[message.key.trial].reports.get(message.epoch)
        if known is None:
            key = message.key
            self._study.record(
                EpochReported(
                    trial=key.trial,
                    replicate=key.replicate,
                    attempt=key.attempt,
                    epoch=message.epoch,
                    metrics=message.metrics,
                    timings=message.timings,
                )
            )
        elif known.metrics != message.metrics:
            self._watch.notice(
                f"trial {message.key.trial}, epoch {message.epoch}: trained again, the metrics differ; this machine does not"
                " compute what the one before did. The first result is kept"
            )

    def _died(self, message: Died) -> None:
        trial = self._study.history.trials[message.key.trial]
        gave_up = trial.deaths + 1 >= MAX_DEATHS
        if gave_up and trial.number == 0:
            # The recommended settings cannot be to blame: whatever it is would fail every other trial too.
            logs = self._study.folder / "logs"
            raise InternalError(f"the baseline's worker was lost {MAX_DEATHS} times: {message.reason}", f"{logs} may say more")
        then = "giving the trial up" if gave_up else "trying again"
        self._watch.notice(f"trial {trial.number}: the worker was lost ({message.reason}); {then}")
        outcome = JobOutcome.failed if gave_up else JobOutcome.died
        self._end(message.key, JobResult(outcome=outcome, epoch=trial.epochs_done, reason=f"worker lost: {message.reason}"))

    def _end(self, key: JobKey, result: JobResult) -> None:
        self._study.record(JobEnded(trial=key.trial, replicate=key.replicate, attempt=key.attempt, **asdict(result)))
        if self._study.history.trials[key.trial].state is TrialState.failed:
            self._watch.notice(f"trial {key.trial} failed: {result.reason}")
        drop_surplus_checkpoints(self._study, self._watch.notice)


def _problem_with(message: Reported, objective: Objective) -> str:
    """Why the epoch cannot be ranked, if so; whatever trained it, nothing is ever compared with a number that is none."""
    for name in dict.fromkeys((f"val/{objective}", "val/loss")):
        value = message.metrics.get(name)
        if value is None:
            return f"epoch {message.epoch}: {name} was not measured"
        if not math.isfinite(value):
            return f"epoch {message.epoch}: {name} became {'NaN' if math.isnan(value) else 'infinite'}"
    return ""
