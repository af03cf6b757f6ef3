"""The one way to do work off the UI thread: ``run_task(func, on_done, on_error, on_progress)``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from engine.errors import Cancelled

T = TypeVar("T")

PROGRESS_INTERVAL_S = 0.1


class TaskControl:
    """What the work sees: it reports progress and asks whether it should stop.

    Reports come at most ten times a second through to the UI: a flood of them slows the work itself.
    """

    def __init__(self, report: Callable[[str, float], None]) -> None:
        self._report = report
        self._stop = threading.Event()
        self._last = 0.0

    def progress(self, text: str, fraction: float) -> None:
        """Report what is being done and how much of it is done (0..1)."""
        now = time.monotonic()
        if fraction >= 1.0 or now - self._last >= PROGRESS_INTERVAL_S:
            self._last = now
            self._report(text, fraction)

    def cancelled(self) -> bool:
        """Whether the person asked to stop."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise Cancelled when the person asked to stop."""
        if self._stop.is_set():
            raise Cancelled

    def stop(self) -> None:
        """Ask the work to stop."""
        self._stop.set()


class Task(QObject, Generic[T]):
    """Running work, seen from the UI thread; its callbacks are called there, never after ``cancel``."""

    _done = Signal(object)
    _failed = Signal(object)
    _progressed = Signal(str, float)

    def __init__(
        self,
        on_done: Callable[[T], None],
        on_error: Callable[[BaseException], None],
        on_progress: Callable[[str, float], None] | None,
    ) -> None:
        super().__init__()
        self.control = TaskControl(self._progressed.emit)
        self.finished = False
        self._on_done, self._on_error, self._on_progress = on_done, on_error, on_progress
        self._done.connect(self._deliver)
        self._failed.connect(self._fail)
        self._progressed.connect(self._progress)

    def cancel(self) -> None:
        """Ask the work to stop and drop whatever it still says, except that it stopped (``Cancelled`` to on_error)."""
        if not self.finished and not self.control.cancelled():
            self.control.stop()
            self._on_error(Cancelled())

    def _deliver(self, value: Any) -> None:
        self._end()
        if not self.control.cancelled():
            self._on_done(value)

    def _fail(self, error: Any) -> None:
        self._end()
        if not self.control.cancelled():
            self._on_error(error)

    def _progress(self, text: str, fraction: float) -> None:
        if self._on_progress is not None and not self.control.cancelled():
            self._on_progress(text, fraction)

    def _end(self) -> None:
        self.finished = True
        _running.discard(self)


class _Job(QRunnable):
    def __init__(self, task: Task[Any], func: Callable[[TaskControl], Any]) -> None:
        super().__init__()
        self.setAutoDelete(True)
        self._task, self._func = task, func

    def run(self) -> None:
        task, func = self._task, self._func
        # The pool's object may outlive its work in Python, and an image with it that the work was given.
        del self._task, self._func
        try:
            task.control.check()
            value = func(task.control)
        except BaseException as error:
            # Nothing is swallowed: the exception object travels to on_error on the UI thread.
            task._failed.emit(error)
        else:
            task._done.emit(value)


_running: set[Task[Any]] = set()


def run_task(
    func: Callable[[TaskControl], T],
    on_done: Callable[[T], None],
    on_error: Callable[[BaseException], None],
    on_progress: Callable[[str, float], None] | None = None,
    *,
    priority: int = 0,
) -> Task[T]:
    """Run `func` on the thread pool.

    Parameters
    ----------
    func : callable
        Gets a TaskControl; must not touch widgets or the session.
    on_done, on_error, on_progress : callable
        Called on the UI thread.
    priority : int
        Higher starts earlier when the pool is busy.
    """
    task: Task[T] = Task(on_done, on_error, on_progress)
    _running.add(task)
    QThreadPool.globalInstance().start(_Job(task, func), priority)
    return task


def running() -> int:
    """Return the number of tasks that have not ended."""
    return len(_running)


def stop_all(wait_ms: int = 5000) -> bool:
    """Ask all work to stop and wait for it; returns whether it all ended."""
    for task in tuple(_running):
        task.control.stop()
    return QThreadPool.globalInstance().waitForDone(wait_ms)
