"""A watched folder: files that have stopped growing are taken; the folder is only read."""

from __future__ import annotations

from pathlib import Path

from engine.dicom.folders import head_of, search_folder
from engine.dicom.parse import read_bytes
from engine.dicom.recognise import Kind, recognise
from engine.errors import NetworkError, ReadError
from engine.network.incoming import STORED
from engine.network.store import read_outgoing
from engine.service.inbox import Inbox

_Mark = tuple[int, int]


class WatchedFolder:
    """Looks through a folder and its sub-folders each time it is asked."""

    def __init__(self, folder: Path, inbox: Inbox) -> None:
        self._folder, self._inbox = folder, inbox
        self._before: dict[Path, _Mark] = {}
        self._taken: dict[Path, _Mark] = {}

    def look(self) -> bool:
        """Take what lies there unchanged since the last look; whether nothing is left to be taken.

        Raises
        ------
        ReadError
            ``FILE_UNREADABLE`` when the folder cannot be read.
        """
        now: dict[Path, _Mark] = {}
        for path in search_folder(self._folder, _is_dicom):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # taken away since the folder was listed
            now[path] = (status.st_size, status.st_mtime_ns)
        for path, mark in now.items():
            if self._before.get(path) == mark and self._taken.get(path) != mark and self._take(path):
                self._taken[path] = mark
        self._before = now
        self._taken = {path: mark for path, mark in self._taken.items() if path in now}
        return all(self._taken.get(path) == mark for path, mark in now.items())

    def _take(self, path: Path) -> bool:
        try:
            outgoing, content = read_outgoing(path), read_bytes(path)
        except (NetworkError, ReadError):
            return True  # nothing that could be analysed; looked at again when it changes
        return self._inbox.take(outgoing.uid, content) == STORED


def _is_dicom(path: Path) -> bool:
    return recognise(head_of(path))[0] is Kind.DICOM
