"""A job function that takes as long to import as one with a heavy package."""

import time

from sample_jobs import run_job

__all__ = ["run_job"]

time.sleep(1.5)
