"""Runs jobs of a trial and keeps what they say."""

from __future__ import annotations

from sweep.data.dataset import Dataset
from sweep.journal.events import JobResult
from sweep.training.loop import train
from sweep.training.setup import TrialSetup


class Killed(Exception):
    """The process is gone: nothing is written after this."""


class Watcher:
    """Keeps what a job says and stops it, or kills it, after so many epochs."""

    def __init__(self, stop_after=None, kill_after=None):
        self.reports, self.notices, self.stop_after, self.kill_after = [], [], stop_after, kill_after

    def run(self, setup: TrialSetup, dataset: Dataset, last_epoch: int) -> JobResult:
        return train(
            setup, dataset, last_epoch, on_epoch=self.reports.append, should_stop=self._should_stop, on_notice=self.notices.append
        )

    def _should_stop(self):
        if self.kill_after is not None and len(self.reports) >= self.kill_after:
            raise Killed
        return self.stop_after is not None and len(self.reports) >= self.stop_after

    @property
    def metrics(self):
        return {report.epoch: report.metrics for report in self.reports}
