"""The queue of one process, in SQLite: jobs are rows, images and results are files beside it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import QueueLost, ServiceError
from engine.service.queue import OPEN, Job, Result

_SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    id INTEGER PRIMARY KEY, uid TEXT NOT NULL, pack TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, received REAL NOT NULL, UNIQUE (uid, pack)
);
CREATE INDEX IF NOT EXISTS job_state ON job (state, due, id);
CREATE TABLE IF NOT EXISTS result (
    uid TEXT PRIMARY KEY, job INTEGER NOT NULL REFERENCES job, study TEXT NOT NULL, series TEXT NOT NULL,
    file TEXT NOT NULL, attempted INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS result_job ON result (job);
"""


class SQLiteQueue:
    """The queue of one folder and one pack, by one process at a time; see `engine.service.queue.Queue`.

    Parameters
    ----------
    folder : Path
    pack : str
        What tells the pack from all others.

    Raises
    ------
    ServiceError
        ``QUEUE_IN_USE``, ``QUEUE_UNUSABLE``.
    """

    def __init__(self, folder: Path, pack: str) -> None:
        self._pack, self._lock = pack, threading.RLock()
        self._owner = own(folder)
        try:
            self._database = _connect(folder / "queue.sqlite")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)
            # What another pack was to analyse is this one's now; what it made is only to be sent.
            self._database.execute("UPDATE OR IGNORE job SET pack = ? WHERE state = 'received'", (pack,))
            self._database.execute("DELETE FROM job WHERE state = 'received' AND pack != ?", (pack,))
        except (OSError, sqlite3.DatabaseError) as error:
            raise _unusable(folder, str(error)) from error

    def close(self) -> None:
        """Let another process have the folder."""
        with self._lock:
            self._database.close()
            self._owner.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._database
            except sqlite3.OperationalError as error:  # such as a full disk
                raise QueueLost("QUEUE_LOST", f"the queue cannot be used ({error})", "check the disk") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise

    def add(self, uid: str, path: Path) -> bool:
        """Take an instance whose file lies in the inbox; False when it was taken before."""
        with self._transaction() as database:
            done = database.execute(
                "INSERT OR IGNORE INTO job (uid, pack, state, received) VALUES (?, ?, 'received', ?)",
                (uid, self._pack, time.time()),
            )
            return done.rowcount == 1

    def knows(self, uid: str) -> bool:
        """Whether an instance was taken before, with this pack."""
        with self._reading() as database:
            found = database.execute("SELECT 1 FROM job WHERE uid = ? AND pack = ?", (uid, self._pack))
            return found.fetchone() is not None

    def next(self) -> Job | None:
        """Return the oldest job that is due, results before images: what is made is sent first."""
        with self._reading() as database:
            row = database.execute(
                f"SELECT id, uid, state, tries FROM job WHERE state IN {OPEN} AND due <= ? "
                "ORDER BY state = 'received', id LIMIT 1",
                (time.time(),),
            ).fetchone()
        return Job(*row) if row is not None else None

    def bring(self, job: Job, image: Path, results: Path) -> None:
        """Do nothing: all of it lies there."""

    def holds(self, job: Job) -> bool:
        """Return True: there is nobody else."""
        return True

    def analysed(self, job: Job, results: Sequence[Result], folder: Path) -> None:
        """The results lie on the disk: from now on they are sent, and never made again."""
        with self._transaction() as database:
            database.executemany(
                "INSERT INTO result (uid, job, study, series, file) VALUES (?, ?, ?, ?, ?)",
                [(one.uid, job.id, one.study, one.series, one.file) for one in results],
            )
            database.execute("UPDATE job SET state = 'analysed', tries = 0, due = 0 WHERE id = ?", (job.id,))

    def unsent(self, job: Job) -> list[Result]:
        """Return the results of a job that are not known to have arrived."""
        with self._reading() as database:
            rows = database.execute(
                "SELECT uid, study, series, file, attempted FROM result WHERE job = ? AND NOT sent ORDER BY file",
                (job.id,),
            ).fetchall()
        return [Result(uid, study, series, file, bool(attempted)) for uid, study, series, file, attempted in rows]

    def attempt(self, job: Job, uids: Sequence[str]) -> None:
        """Results are about to be sent."""
        with self._transaction() as database:
            database.executemany("UPDATE result SET attempted = 1 WHERE uid = ?", [(uid,) for uid in uids])

    def sent(self, uid: str) -> None:
        """The archive has a result."""
        with self._transaction() as database:
            database.execute("UPDATE result SET sent = 1 WHERE uid = ?", (uid,))

    def end(self, job: Job, state: str, code: str = "OK") -> None:
        """A job is ``done``, ``refused`` or ``failed``, and is not taken up again."""
        with self._transaction() as database:
            database.execute("UPDATE job SET state = ?, code = ? WHERE id = ?", (state, code, job.id))

    def postpone(self, job: Job, code: str, seconds: float) -> None:
        """A job is taken up again after a while."""
        with self._transaction() as database:
            database.execute(
                "UPDATE job SET tries = tries + 1, code = ?, due = ? WHERE id = ?",
                (code, time.time() + seconds, job.id),
            )

    def counts(self) -> dict[str, int]:
        """Return the number of jobs of each state."""
        with self._reading() as database:
            return dict(database.execute("SELECT state, count(*) FROM job GROUP BY state").fetchall())

    def waiting(self) -> int:
        """Return how many jobs are not at their end."""
        with self._reading() as database:
            return int(database.execute(f"SELECT count(*) FROM job WHERE state IN {OPEN}").fetchone()[0])

    def states(self, uid: str) -> set[str]:
        """Return the states of an instance's jobs, with any pack."""
        with self._reading() as database:
            return {row[0] for row in database.execute("SELECT state FROM job WHERE uid = ?", (uid,))}

    def kept(self) -> set[int]:
        """Return the jobs that are not at their end."""
        with self._reading() as database:
            return {row[0] for row in database.execute(f"SELECT id FROM job WHERE state IN {OPEN}")}

    def nodes(self) -> list[dict[str, object]]:
        """Return nothing: this process is alone."""
        return []


def own(folder: Path) -> sqlite3.Connection:
    """Take a folder for this process, until the connection is closed or the process ends, however it ends.

    Raises
    ------
    ServiceError
        ``QUEUE_IN_USE``, ``QUEUE_UNUSABLE``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        owner = _connect(folder / "owner.sqlite")
        owner.execute("PRAGMA journal_mode = DELETE")
        owner.execute("BEGIN EXCLUSIVE")
    except (OSError, sqlite3.DatabaseError) as error:
        if "locked" in str(error):
            raise ServiceError(
                "QUEUE_IN_USE", "another 'saerad serve' works on this folder", "stop it, or name another --state"
            ) from error
        raise _unusable(folder, str(error)) from error
    return owner


def _connect(path: Path) -> sqlite3.Connection:
    """Open a database that nobody else on the machine may read."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)


def _unusable(folder: Path, reason: str) -> ServiceError:
    return ServiceError("QUEUE_UNUSABLE", f"the queue in {folder} cannot be used ({reason})", "check the folder")
