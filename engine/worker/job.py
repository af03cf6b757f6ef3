"""A task given to a worker: its result, its progress, its cancellation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar, cast

from engine.errors import Cancelled, SaeRadError
from engine.worker.child import Request

T = TypeVar("T")
ProgressCallback = Callable[[str, float], None]


class Job(Generic[T]):
    """Handle of one task; made by `Worker.submit`. All methods may be called from any thread."""

    def __init__(self, request: Request, time_limit_s: float, progress: ProgressCallback | None) -> None:
        self.request = request
        self.time_limit_s = time_limit_s
        self.progress = progress
        self.cancel_requested = False
        self._started = False
        self._settled = False
        self._lock = threading.Lock()
        self._future: Future[T] = Future()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the task and return what it returned.

        Raises
        ------
        SaeRadError
            What the task raised, `Cancelled`, or a `WorkerError`: ``WORKER_CRASHED``, ``WORKER_TIMEOUT``,
            ``WORKER_FAILED``, ``WORKER_BAD_RESULT``, ``WORKER_NOT_STARTED``, ``WORKER_CLOSED``, ``OUT_OF_MEMORY``.
        TimeoutError
            If it is not done after `timeout` seconds; it goes on.
        """
        return self._future.result(timeout)

    def error(self) -> SaeRadError | None:
        """Wait for the task and return the error it ended with, None if it succeeded."""
        found = self._future.exception()
        if found is not None and not isinstance(found, SaeRadError):
            raise found
        return found

    def done(self) -> bool:
        """Whether the task has ended in any way."""
        return self._future.done()

    def cancel(self) -> None:
        """Ask the task to stop: at once if it waits, else in its own time, or by ending its process after a grace."""
        with self._lock:
            self.cancel_requested = True
            waiting = not self._started
        if waiting:
            self.settle(error=Cancelled())

    def add_done_callback(self, callback: Callable[[Job[T]], Any]) -> None:
        """Call `callback(job)` when the task has ended: in the worker's thread, or here and now if it has already."""
        self._future.add_done_callback(lambda _: callback(self))

    def start(self) -> bool:
        """Mark the task as running; False if it was cancelled before. For `Worker`."""
        with self._lock:
            if self._settled:
                return False
            self._started = True
            return True

    def settle(self, value: object = None, error: BaseException | None = None) -> None:
        """End the task with a value or an error; only the first call counts. For `Worker`."""
        with self._lock:
            if self._settled:
                return
            self._settled = True
        # Callbacks run here, outside the lock, so that they may ask and cancel.
        if error is not None:
            self._future.set_exception(error)
        else:
            self._future.set_result(cast(T, value))
