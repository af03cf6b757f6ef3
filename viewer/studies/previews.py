"""Thumbnails in the background: one after another, in the worker process, never on the UI thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.errors import Cancelled
from engine.worker.decode import shared_decoder
from viewer.studies.thumbnail_job import Thumbnail
from viewer.tasks import TaskControl, run_task
from viewer.waiting import wait

BACKGROUND = 0


class Previews(QObject):
    """Makes thumbnails of the images that are wanted, in the order in which they were asked for.

    Parameters
    ----------
    cache : Path or None
        Folder of the thumbnails on disk; None keeps none.
    free : callable
        Whether the worker may be used now: the image that a person waits for comes first. Call `go` when it changed.
    """

    ready = Signal(str, object)
    """Key; `viewer.studies.thumbnail_job.Thumbnail`."""
    failed = Signal(str, object)
    """Key; exception."""

    def __init__(self, cache: Path | None, free: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache, self._free = cache, free
        self._wanted: dict[str, Path] = {}
        self._busy = False

    def want(self, images: Iterable[tuple[str, Path]]) -> None:
        """Ask for thumbnails by key and path."""
        for key, path in images:
            self._wanted.setdefault(key, path)
        self.go()

    def drop(self, key: str) -> None:
        """Want a thumbnail no longer."""
        self._wanted.pop(key, None)

    def go(self) -> None:
        """Make the next one, if nothing else has to be done first."""
        if self._busy or not self._wanted or not self._free():
            return
        self._busy = True
        key = next(iter(self._wanted))
        path = self._wanted.pop(key)
        run_task(partial(self._make, path), partial(self._made, key), partial(self._not_made, key), priority=BACKGROUND)

    def _make(self, path: Path, control: TaskControl) -> Thumbnail:
        job = shared_decoder().submit("viewer.studies.thumbnail_job:thumbnail", path, self._cache)
        made: Thumbnail = wait(job, control)
        return made

    def _made(self, key: str, made: Thumbnail) -> None:
        self._busy = False
        self.ready.emit(key, made)
        self.go()

    def _not_made(self, key: str, error: BaseException) -> None:
        self._busy = False
        if not isinstance(error, Cancelled):
            self.failed.emit(key, error)
        self.go()
