"""One writer a folder: a lock that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from engine.errors import StoreError


class FolderLock:
    """Holds a folder, made if needed, until `release` or the end of the process.

    Where folders cannot be locked (Windows, some network drives) nothing is held.

    Raises
    ------
    StoreError
        ``STORE_BUSY`` when another process has it, ``STORE_WRITE`` when the folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor: int | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                "STORE_WRITE", f"the folder {folder} cannot be made ({error.strerror})", "choose another --out"
            ) from error
        if sys.platform == "win32":
            return
        import fcntl  # noqa: PLC0415 - does not exist on Windows

        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN):
                raise StoreError(
                    "STORE_BUSY", f"another process is writing {folder}", "wait for it, or choose another --out"
                ) from error
            return
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of the folder; calling it again does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
