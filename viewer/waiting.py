"""Wait on a task's thread for what a worker process does."""

from __future__ import annotations

from typing import TypeVar

from engine.worker.job import Job
from viewer.tasks import TaskControl

T = TypeVar("T")

POLL_S = 0.05


def wait(job: Job[T], control: TaskControl) -> T:
    """Wait for a worker's job on a task's thread and pass a cancellation on."""
    while not job.done():
        if control.cancelled():
            job.cancel()
        try:
            return job.result(POLL_S)
        except TimeoutError:
            continue
    return job.result()
