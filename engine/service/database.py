"""A small SQLite database of the service: private, written through to the disk, usable from any thread."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.errors import ServiceError


class Database:
    """One file and its tables.

    Parameters
    ----------
    path : Path
    schema : str
        Statements that make what is not there yet.

    Raises
    ------
    ServiceError
        ``QUEUE_UNUSABLE``.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # nobody else on the machine may read it
            self._connection = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(schema)
        except (OSError, sqlite3.DatabaseError) as error:
            raise ServiceError("QUEUE_UNUSABLE", f"{path} cannot be used ({error})", "check the folder") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of the block or nothing of it."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return what a SELECT finds."""
        with self._lock:
            return self._connection.execute(statement, tuple(values)).fetchall()
