"""Requests for storage commitment that wait for their answer, on the disk so that a kill loses none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.service.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    uid TEXT PRIMARY KEY, caller TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0,
    asked REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS instance (
    request TEXT NOT NULL REFERENCES request ON DELETE CASCADE, class TEXT NOT NULL, uid TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS instance_request ON instance (request);
"""


@dataclass(frozen=True)
class Request:
    """One transaction: whose it is (AE title), and the instances, as (class, UID), that it names."""

    uid: str
    caller: str
    tries: int
    asked: float
    instances: tuple[tuple[str, str], ...]


class Promises:
    """The requests of one folder; usable from any thread.

    Raises
    ------
    ServiceError
        ``QUEUE_UNUSABLE``.
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "commitment.sqlite", _SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def add(self, uid: str, caller: str, instances: Sequence[tuple[str, str]]) -> None:
        """Take a request; one that is made again takes the place of the first."""
        with self._database.transaction() as database:
            database.execute("DELETE FROM request WHERE uid = ?", (uid,))
            database.execute("INSERT INTO request (uid, caller, asked) VALUES (?, ?, ?)", (uid, caller, time.time()))
            database.executemany("INSERT INTO instance VALUES (?, ?, ?)", [(uid, *one) for one in instances])

    def next(self) -> Request | None:
        """Return the oldest request that is due."""
        asked = "SELECT uid, caller, tries, asked FROM request WHERE due <= ? ORDER BY asked LIMIT 1"
        for uid, caller, tries, when in self._database.rows(asked, (time.time(),)):
            found = self._database.rows("SELECT class, uid FROM instance WHERE request = ? ORDER BY rowid", (uid,))
            return Request(uid, caller, tries, when, tuple(found))
        return None

    def postpone(self, uid: str, seconds: float) -> None:
        """A request is answered after a while."""
        with self._database.transaction() as database:
            due = time.time() + seconds
            database.execute("UPDATE request SET tries = tries + 1, due = ? WHERE uid = ?", (due, uid))

    def end(self, uid: str) -> None:
        """A request was answered, or cannot be."""
        with self._database.transaction() as database:
            database.execute("DELETE FROM request WHERE uid = ?", (uid,))

    def waiting(self) -> int:
        """Return how many requests wait for their answer."""
        return int(self._database.rows("SELECT count(*) FROM request")[0][0])
