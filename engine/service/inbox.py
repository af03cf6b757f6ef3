"""The door of the service: an instance is written, queued, and only then acknowledged; a full house refuses."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

from pynetdicom import evt

from engine.dicom.header import is_uid
from engine.errors import ExportError, QueueLost
from engine.export.atomic import write_atomic
from engine.network.incoming import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, STORED
from engine.service.queue import Queue


class Inbox:
    """Takes instances into ``inbox/<SOPInstanceUID>.dcm`` and the queue.

    Parameters
    ----------
    folder : Path
        Of the service's state.
    queue : Queue
    most_waiting : int
        With so many jobs that are not at their end nothing more is taken.
    least_free : int
        Bytes of the disk that stay free.
    keep : float
        Seconds for which an instance stays after it was taken, and after it was promised to be kept.
    """

    def __init__(self, folder: Path, queue: Queue, most_waiting: int, least_free: int, keep: float = 0.0) -> None:
        self.folder = folder / "inbox"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._queue, self._most, self._least, self._keep = queue, most_waiting, least_free, keep
        self._lock = threading.Lock()

    def path(self, uid: str) -> Path:
        """Return where an instance lies."""
        return self.folder / f"{uid}.dcm"

    def has_room(self, size: int = 0) -> bool:
        """Whether another instance can be taken."""
        return self._queue.waiting() < self._most and shutil.disk_usage(self.folder).free - size > self._least

    def take(self, uid: str, content: bytes) -> int:
        """Take an instance and return the status of its C-STORE; one that was taken before is there already."""
        if not is_uid(uid):
            return CANNOT_UNDERSTAND
        try:
            if self._queue.knows(uid):
                return STORED
            if not self.has_room(len(content)):
                return OUT_OF_RESOURCES
            write_atomic(self.path(uid), content)
            # A kill here: the file is found at the next start, and the sender, who got no answer, sends it again.
            self._queue.add(uid, self.path(uid))
        except (ExportError, QueueLost):
            return OUT_OF_RESOURCES
        return STORED

    def handle(self, event: evt.Event) -> int:
        """Answer a C-STORE."""
        return self.take(str(getattr(event.request, "AffectedSOPInstanceUID", "")), event.encoded_dataset())

    def reconcile(self) -> None:
        """After a start: queue what a kill kept from being queued, remove what is at its end."""
        for path in self.folder.iterdir():
            if path.suffix != ".dcm":
                path.unlink()  # half written
            elif not self._queue.states(path.stem):
                self._queue.add(path.stem, path)
            else:
                self.release(path.stem)

    def promise(self, uid: str) -> bool:
        """Keep an instance for the whole time from now on; False where it does not lie here."""
        with self._lock:
            try:
                os.utime(self.path(uid))
            except FileNotFoundError:
                return False
            return True

    def release(self, uid: str) -> None:
        """Remove an instance that no job needs and whose time is over; one whose job failed stays for people."""
        states = self._queue.states(uid)
        # One without a job has just been written, and is about to be queued.
        if states and states <= {"done", "refused"}:
            self._remove_when_over(self.path(uid))

    def expire(self) -> None:
        """Remove what other nodes brought to its end, and what `release` had to leave, once its time is over."""
        for path in self.folder.glob("*.dcm"):
            if self._is_over(path):
                self.release(path.stem)

    def _remove_when_over(self, path: Path) -> None:
        with self._lock:
            if self._is_over(path):
                path.unlink(missing_ok=True)

    def _is_over(self, path: Path) -> bool:
        try:
            return time.time() - path.stat().st_mtime >= self._keep
        except FileNotFoundError:
            return False
