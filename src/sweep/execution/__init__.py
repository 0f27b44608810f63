"""Where jobs run: in the driver's process, or in worker processes on this machine."""

from sweep.execution.executor import Died, Ended, Executor, Job, JobKey, Message, Noticed, Reported
from sweep.journal.events import JobResult

__all__ = ["Died", "Ended", "Executor", "Job", "JobKey", "JobResult", "Message", "Noticed", "Reported"]
