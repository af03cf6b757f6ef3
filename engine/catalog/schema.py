"""The index's tables in SQLite, their migrations and how a connection is opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from engine.errors import CatalogError

BUSY_TIMEOUT_S = 10.0

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE patient (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, identified INTEGER NOT NULL,
        patient_id TEXT NOT NULL, name TEXT NOT NULL, birth_date TEXT NOT NULL, sex TEXT NOT NULL
    );
    CREATE TABLE study (
        id INTEGER PRIMARY KEY, patient INTEGER NOT NULL REFERENCES patient ON DELETE CASCADE, uid TEXT NOT NULL,
        date TEXT NOT NULL, time TEXT NOT NULL, description TEXT NOT NULL, accession TEXT NOT NULL,
        opened REAL, UNIQUE (patient, uid)
    );
    CREATE TABLE series (
        id INTEGER PRIMARY KEY, study INTEGER NOT NULL REFERENCES study ON DELETE CASCADE, uid TEXT NOT NULL,
        number INTEGER, modality TEXT NOT NULL, description TEXT NOT NULL, body_part TEXT NOT NULL,
        UNIQUE (study, uid)
    );
    CREATE TABLE file (
        id INTEGER PRIMARY KEY, path BLOB NOT NULL, member TEXT NOT NULL, size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL, code TEXT NOT NULL, UNIQUE (path, member)
    );
    CREATE TABLE instance (
        id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,
        file INTEGER NOT NULL UNIQUE REFERENCES file ON DELETE CASCADE, uid TEXT NOT NULL, number INTEGER,
        "view" TEXT NOT NULL, laterality TEXT NOT NULL
    );
    CREATE INDEX instance_series ON instance (series);
    CREATE INDEX study_opened ON study (opened);
    CREATE VIRTUAL TABLE study_text USING fts5 (words, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
    """,
)
"""One script a version; a released one is never changed, what is to be different goes into a new one."""


@contextmanager
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the index, made or migrated where needed; many may read while one writes (write-ahead log).

    Raises
    ------
    CatalogError
        ``CATALOG_NEWER`` (made by a later version of the program), ``CATALOG_BUSY`` (another process writes for longer
        than `BUSY_TIMEOUT_S`), ``CATALOG_DAMAGED`` or ``CATALOG_NOT_WRITABLE``.
    """
    try:
        _make_private(path)
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as opened:
            opened.execute("PRAGMA foreign_keys = ON")
            _migrate(opened)
            yield opened
    except sqlite3.DatabaseError as error:
        raise _told(error, path) from error
    except OSError as error:
        raise CatalogError(
            "CATALOG_NOT_WRITABLE",
            f"the index of studies cannot be written ({error.strerror or error})",
            f"check {path.parent}",
        ) from error


@contextmanager
def transaction(opened: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing; only one writer at a time, others wait for it."""
    opened.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        opened.execute("ROLLBACK")
        raise
    opened.execute("COMMIT")


def _make_private(path: Path) -> None:
    """Names of patients are in it: nobody else on the machine may read it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _migrate(opened: sqlite3.Connection) -> None:
    version = int(opened.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise CatalogError(
            "CATALOG_NEWER", "the index of studies was made by a later version of the program", "use that version"
        )
    if version == len(MIGRATIONS):
        return
    opened.execute("PRAGMA journal_mode = WAL")
    with transaction(opened):
        # Asked again: another process may have been faster.
        version = int(opened.execute("PRAGMA user_version").fetchone()[0])
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            for statement in script.split(";"):
                opened.execute(statement)
            opened.execute(f"PRAGMA user_version = {number}")


def _told(error: sqlite3.DatabaseError, path: Path) -> CatalogError:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return CatalogError("CATALOG_BUSY", "another window is writing the index of studies", "try again in a moment")
    if isinstance(error, sqlite3.OperationalError) and ("readonly" in str(error) or "unable" in str(error)):
        return CatalogError(
            "CATALOG_NOT_WRITABLE", f"the index of studies cannot be written ({error})", f"check {path.parent}"
        )
    return CatalogError(
        "CATALOG_DAMAGED",
        f"the index of studies is damaged ({error})",
        f"delete {path}: it links to your images and holds none, and is made again when they are opened",
    )
