"""Objects that a peer sends, written as they came: whole or not at all, under a name that is only their UID."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pynetdicom import evt

from engine.dicom.header import is_uid
from engine.errors import ExportError
from engine.export.atomic import write_atomic

STORED, OUT_OF_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xC000
"""Status of a C-STORE (PS3.4 B.2.3)."""


class Incoming:
    """Keeps the objects of one retrieval in a folder.

    Parameters
    ----------
    folder : Path
        An object of the same UID that lies there is replaced: it is the same object.
    arrived : callable, optional
        Called with the path of each object that lies there whole.
    limit_bytes, limit_count : int
        No more is taken; the peer is told that we are out of resources.
    """

    def __init__(
        self, folder: Path, arrived: Callable[[Path], None] | None, limit_bytes: int, limit_count: int
    ) -> None:
        self.paths: list[Path] = []
        self.error: ExportError | None = None
        self._folder, self._arrived = folder, arrived
        self._bytes, self._count = limit_bytes, limit_count

    def handle(self, event: evt.Event) -> int:
        """Take a C-STORE and return its status."""
        uid = str(getattr(event.request, "AffectedSOPInstanceUID", ""))
        if not is_uid(uid):
            return CANNOT_UNDERSTAND
        return STORED if self.take(uid, event.encoded_dataset()) else OUT_OF_RESOURCES

    def take(self, uid: str, content: bytes) -> bool:
        """Write an object and return whether there was room for it; why not is in `error`."""
        self._bytes -= len(content)
        self._count -= 1
        if self._bytes < 0 or self._count < 0:
            return False
        try:
            path = write_atomic(self._folder / f"{uid}.dcm", content)
        except ExportError as error:
            self.error = error
            return False
        self.paths.append(path)
        if self._arrived is not None:
            self._arrived(path)
        return True
