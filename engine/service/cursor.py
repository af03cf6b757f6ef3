"""How far a polled archive was looked through, on the disk: of each study the number of images that it had."""

from __future__ import annotations

import time
from pathlib import Path

from engine.service.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS study (
    node TEXT NOT NULL, uid TEXT NOT NULL, images TEXT NOT NULL, seen REAL NOT NULL, PRIMARY KEY (node, uid)
);
"""
_FORGOTTEN_S = 30 * 24 * 3600.0


class Cursor:
    """The studies of one node that have been looked through.

    Losing it costs questions and nothing else: the queue knows what was taken.

    Raises
    ------
    ServiceError
        ``QUEUE_UNUSABLE``.
    """

    def __init__(self, folder: Path, node: str) -> None:
        self._node = node
        self._database = Database(folder / "poll.sqlite", _SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def is_new(self, uid: str, images: str) -> bool:
        """Whether a study was not looked through, or had another number of images then, or does not tell it."""
        asked = "SELECT 1 FROM study WHERE node = ? AND uid = ? AND images = ? AND images != ''"
        return not self._database.rows(asked, (self._node, uid, images))

    def looked(self, uid: str, images: str) -> None:
        """All images of a study, as many as it says it has, have been taken."""
        with self._database.transaction() as database:
            database.execute("INSERT OR REPLACE INTO study VALUES (?, ?, ?, ?)", (self._node, uid, images, time.time()))
            database.execute("DELETE FROM study WHERE seen < ?", (time.time() - _FORGOTTEN_S,))
