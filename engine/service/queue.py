"""The durable queue: what was received, what became of it, and which result was sent.

A job is one SOP instance and one pack, so nothing is analysed twice with the same model. It goes
``received`` → ``analysed`` → ``done``, or ends as ``refused`` (by the gate) or ``failed``. Every step is one
transaction, and what a step needs lies on the disk before it is written here.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ServiceError

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
_OPEN = "('received', 'analysed')"


@dataclass(frozen=True)
class Job:
    """One SOP instance to be worked on."""

    id: int
    uid: str
    state: str
    tries: int


@dataclass(frozen=True)
class Result:
    """One object that was made for a job; `attempted` and not sent: a kill may have hidden that it arrived."""

    uid: str
    study: str
    series: str
    file: str
    attempted: bool


class Queue:
    """The queue of one folder and one pack; usable from any thread, by one process at a time.

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
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Held until this process ends, however it ends.
            self._owner = _connect(folder / "owner.sqlite")
            self._owner.execute("PRAGMA journal_mode = DELETE")
            self._owner.execute("BEGIN EXCLUSIVE")
            self._database = _connect(folder / "queue.sqlite")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)
            # What another pack was to analyse is this one's now; what it made is only to be sent.
            self._database.execute("UPDATE OR IGNORE job SET pack = ? WHERE state = 'received'", (pack,))
            self._database.execute("DELETE FROM job WHERE state = 'received' AND pack != ?", (pack,))
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise ServiceError(
                    "QUEUE_IN_USE", "another 'saerad serve' works on this folder", "stop it, or name another --state"
                ) from error
            raise _unusable(folder, str(error)) from error
        except (OSError, sqlite3.DatabaseError) as error:
            raise _unusable(folder, str(error)) from error

    def close(self) -> None:
        """Let another process have the folder."""
        with self._lock:
            self._database.close()
            self._owner.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def add(self, uid: str) -> bool:
        """Take an instance whose file lies in the inbox; False when it was taken before."""
        with self._transaction() as database:
            done = database.execute(
                "INSERT OR IGNORE INTO job (uid, pack, state, received) VALUES (?, ?, 'received', ?)",
                (uid, self._pack, time.time()),
            )
            return done.rowcount == 1

    def knows(self, uid: str) -> bool:
        """Whether an instance was taken before, with this pack."""
        with self._lock:
            found = self._database.execute("SELECT 1 FROM job WHERE uid = ? AND pack = ?", (uid, self._pack))
            return found.fetchone() is not None

    def next(self) -> Job | None:
        """Return the oldest job that is due, results before images: what is made is sent first."""
        with self._lock:
            row = self._database.execute(
                f"SELECT id, uid, state, tries FROM job WHERE state IN {_OPEN} AND due <= ? "
                "ORDER BY state = 'received', id LIMIT 1",
                (time.time(),),
            ).fetchone()
        return Job(*row) if row is not None else None

    def analysed(self, job: Job, results: Sequence[Result]) -> None:
        """The results lie on the disk: from now on they are sent, and never made again."""
        with self._transaction() as database:
            database.executemany(
                "INSERT INTO result (uid, job, study, series, file) VALUES (?, ?, ?, ?, ?)",
                [(one.uid, job.id, one.study, one.series, one.file) for one in results],
            )
            database.execute("UPDATE job SET state = 'analysed', tries = 0, due = 0 WHERE id = ?", (job.id,))

    def unsent(self, job: Job) -> list[Result]:
        """Return the results of a job that are not known to have arrived."""
        with self._lock:
            rows = self._database.execute(
                "SELECT uid, study, series, file, attempted FROM result WHERE job = ? AND NOT sent ORDER BY file",
                (job.id,),
            ).fetchall()
        return [Result(uid, study, series, file, bool(attempted)) for uid, study, series, file, attempted in rows]

    def attempt(self, uids: Sequence[str]) -> None:
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
        with self._lock:
            return dict(self._database.execute("SELECT state, count(*) FROM job GROUP BY state").fetchall())

    def waiting(self) -> int:
        """Return how many jobs are not at their end."""
        with self._lock:
            return int(self._database.execute(f"SELECT count(*) FROM job WHERE state IN {_OPEN}").fetchone()[0])

    def states(self, uid: str) -> set[str]:
        """Return the states of an instance's jobs, with any pack."""
        with self._lock:
            return {row[0] for row in self._database.execute("SELECT state FROM job WHERE uid = ?", (uid,))}

    def unfinished(self) -> set[int]:
        """Return the jobs that are not at their end."""
        with self._lock:
            return {row[0] for row in self._database.execute(f"SELECT id FROM job WHERE state IN {_OPEN}")}


def hashed(uid: str) -> str:
    """Return what stands in logs in place of a UID."""
    return hashlib.sha256(uid.encode()).hexdigest()[:12]


def _connect(path: Path) -> sqlite3.Connection:
    """Open a database that nobody else on the machine may read."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)


def _unusable(folder: Path, reason: str) -> ServiceError:
    return ServiceError("QUEUE_UNUSABLE", f"the queue in {folder} cannot be used ({reason})", "check the folder")
