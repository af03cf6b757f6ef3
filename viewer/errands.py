"""What a person waits for besides the analysis of an image and its maps: finding files, composing, exporting."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine.errors import Cancelled
from viewer.i18n import tr
from viewer.tasks import Task, TaskControl, run_task

FOREGROUND = 10
"""Before whatever is only prepared."""


class Errands(QObject):
    """Runs such work in the background; each can be cancelled, and its failure is told."""

    begun = Signal()
    ended = Signal()
    progressed = Signal(str, float)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: list[Task[object]] = []

    @property
    def busy(self) -> bool:
        """Whether any runs."""
        return bool(self._running)

    def run(self, func: Callable[[TaskControl], object], done: Callable[..., None]) -> None:
        """Run `func` off the UI thread and hand its value to `done` on it."""

        def finish(value: object) -> None:
            self._running.remove(task)
            done(value)
            self.ended.emit()

        def fail(error: BaseException) -> None:
            self._running.remove(task)
            if not isinstance(error, Cancelled):
                self.failed.emit(error)
            self.ended.emit()

        task: Task[object] = run_task(func, finish, fail, self.progressed.emit, priority=FOREGROUND)
        self._running.append(task)
        self.begun.emit()
        self.progressed.emit(tr("Working"), 0.0)

    def cancel(self) -> None:
        """Stop all of it."""
        for task in tuple(self._running):
            task.cancel()
