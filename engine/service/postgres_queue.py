"""The queue that several nodes share, in PostgreSQL: jobs, images and results, so that no folder need be shared.

A job is claimed by one statement (``FOR UPDATE SKIP LOCKED``) for the time of a lease, which the node renews. Who was
not heard of loses it: every step says with which claim it is made, and one of an older claim changes nothing.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from engine.errors import JobTaken, QueueLost, ReadError, ServiceError
from engine.export.atomic import write_atomic
from engine.service.postgres_link import Link, Session
from engine.service.postgres_node import PostgresNode
from engine.service.queue import OPEN, Job, Result

_TAKE = f"""
UPDATE saerad.job SET holder = CAST(:node AS uuid), claim = claim + 1,
    lease = clock_timestamp() + CAST(:lease AS interval)
WHERE id = (
    SELECT id FROM saerad.job
    WHERE state IN {OPEN} AND due <= clock_timestamp()
        AND (lease IS NULL OR lease <= clock_timestamp() OR holder = CAST(:node AS uuid))
    ORDER BY state = 'received', id LIMIT 1 FOR UPDATE SKIP LOCKED
) AND EXISTS (SELECT 1 FROM saerad.node WHERE id = CAST(:node AS uuid) AND ends > clock_timestamp())
RETURNING id, uid, state, tries, claim
"""
"""This node's own jobs too: it works on one at a time, so that a job it holds is one of whose claim it never heard."""

_OWN = "id = :job AND claim = :claim AND holder = CAST(:node AS uuid)"
_FREE = "holder = NULL, lease = NULL"
_NODES = f"""
SELECT name, ends > clock_timestamp(), extract(epoch FROM clock_timestamp() - seen)::integer, analysed, ended,
    (SELECT count(*) FROM saerad.job WHERE holder = node.id AND state IN {OPEN} AND lease > clock_timestamp())
FROM saerad.node ORDER BY started
"""


class PostgresQueue:
    """The queue of a database, for one pack; see `engine.service.queue.Queue`.

    Parameters
    ----------
    owner : sqlite3.Connection
        Holds this node's folder, see `engine.service.sqlite_queue.own`; closed with the queue.
    link : Link
    node : PostgresNode
    pack : str
        What tells the pack from all others; the node's.
    """

    def __init__(self, owner: sqlite3.Connection, link: Link, node: PostgresNode, pack: str) -> None:
        self._owner, self._link, self._node, self._pack = owner, link, node, pack
        self._laid: int | None = None

    def close(self) -> None:
        """Let others have what this node holds, at once where the database can be reached, else after the lease."""
        with closing(self._owner), closing(self._link), closing(self._node):
            try:
                with self._link.transaction() as session:
                    session.run(
                        f"UPDATE saerad.job SET {_FREE} WHERE holder = CAST(:node AS uuid) AND state IN {OPEN}",
                        node=self._node.id,
                    )
                    session.run(
                        "UPDATE saerad.node SET ends = clock_timestamp() WHERE id = CAST(:node AS uuid)",
                        node=self._node.id,
                    )
            except ServiceError:
                return  # the lease ends by itself

    def add(self, uid: str, path: Path) -> bool:
        """Take an instance, content and job in one step; False when it was taken before."""
        content = path.read_bytes()
        with self._link.transaction() as session:
            taken = session.run(
                "INSERT INTO saerad.job (uid, pack, state) SELECT :uid, :pack, 'received' FROM saerad.node "
                "WHERE id = CAST(:node AS uuid) AND ends > clock_timestamp() ON CONFLICT DO NOTHING RETURNING id",
                uid=uid,
                pack=self._pack,
                node=self._node.id,
            )
            if taken:
                session.run(
                    "INSERT INTO saerad.image (uid, content) VALUES (:uid, :content) ON CONFLICT (uid) "
                    "DO UPDATE SET content = excluded.content",
                    uid=uid,
                    content=content,
                )
        if not taken and not self.knows(uid):
            raise QueueLost(
                "QUEUE_LOST", "this node was not heard of and may not add to the queue", "wait for its beat"
            )
        return bool(taken)

    def knows(self, uid: str) -> bool:
        """Whether an instance was taken before, with this pack."""
        found = self._link.run("SELECT 1 FROM saerad.job WHERE uid = :uid AND pack = :pack", uid=uid, pack=self._pack)
        return bool(found)

    def next(self) -> Job | None:
        """Take up the oldest job that is due and that no living node holds, results before images."""
        self._node.require()
        asked = time.monotonic()
        rows = self._link.run(_TAKE, node=self._node.id, lease=self._node.lease)
        if not rows:
            return None
        job = Job(*rows[0])
        self._node.took(job.id, job.claim, asked)
        return job

    def bring(self, job: Job, image: Path, results: Path) -> None:
        """Fetch the job's image where it does not lie here, or its results where this process did not make them."""
        if job.state == "received":
            if not image.is_file():
                rows = self._link.run("SELECT content FROM saerad.image WHERE uid = :uid", uid=job.uid)
                if not rows:
                    raise ReadError("FILE_MISSING", "the queue does not hold the image", "send it again")
                write_atomic(image, rows[0][0])
        elif self._laid != job.id or not results.is_dir():
            shutil.rmtree(results, ignore_errors=True)
            rows = self._link.run("SELECT file, content FROM saerad.result WHERE job = :job AND NOT sent", job=job.id)
            for file, content in rows:
                write_atomic(results / Path(file).name, content)

    def holds(self, job: Job) -> bool:
        """Whether the first half of the lease is not over."""
        return self._node.holds(job.id, job.claim)

    def analysed(self, job: Job, results: Sequence[Result], folder: Path) -> None:
        """Write the results down with their content: from now on any node sends them, and none makes them again."""
        contents = [(folder / result.file).read_bytes() for result in results]
        with self._link.transaction() as session:
            self._own_step(session, job, "state = 'analysed', tries = 0, due = '-infinity'")
            for result, content in zip(results, contents, strict=True):
                session.run(
                    "INSERT INTO saerad.result (uid, job, study, series, file, content) "
                    "VALUES (:uid, :job, :study, :series, :file, :content)",
                    uid=result.uid,
                    job=job.id,
                    study=result.study,
                    series=result.series,
                    file=result.file,
                    content=content,
                )
            self._count(session, "analysed")
        self._laid = job.id

    def unsent(self, job: Job) -> list[Result]:
        """Return the results of a job that are not known to have arrived."""
        rows = self._link.run(
            "SELECT uid, study, series, file, attempted FROM saerad.result WHERE job = :job AND NOT sent ORDER BY file",
            job=job.id,
        )
        return [Result(*row) for row in rows]

    def attempt(self, job: Job, uids: Sequence[str]) -> None:
        """Results are about to be sent, by this node alone."""
        with self._link.transaction() as session:
            self._own_step(session, job, "code = code", free=False)
            session.run(
                "UPDATE saerad.result SET attempted = true WHERE job = :job AND uid = ANY(CAST(:uids AS text[]))",
                job=job.id,
                uids=list(uids),
            )

    def sent(self, uid: str) -> None:
        """The archive has a result, whoever holds the job by now."""
        self._link.run("UPDATE saerad.result SET sent = true WHERE uid = :uid", uid=uid)

    def end(self, job: Job, state: str, code: str = "OK") -> None:
        """End a job, and drop the contents that no job needs; an image whose job failed stays for people to look at."""
        with self._link.transaction() as session:
            self._own_step(session, job, "state = :state, code = :code", state=state, code=code)
            session.run("UPDATE saerad.result SET content = NULL WHERE job = :job", job=job.id)
            # Whoever adds a job of this image waits here, or is seen by the next statement.
            session.run("SELECT 1 FROM saerad.image WHERE uid = :uid FOR UPDATE", uid=job.uid)
            session.run(
                "DELETE FROM saerad.image WHERE uid = :uid AND NOT EXISTS "
                "(SELECT 1 FROM saerad.job WHERE uid = :uid AND state NOT IN ('done', 'refused'))",
                uid=job.uid,
            )
            self._count(session, "ended")

    def postpone(self, job: Job, code: str, seconds: float) -> None:
        """A job is taken up again after a while, by any node."""
        with self._link.transaction() as session:
            due = "due = clock_timestamp() + CAST(:pause AS interval)"
            self._own_step(session, job, f"tries = tries + 1, code = :code, {due}", code=code, pause=f"{seconds} s")

    def counts(self) -> dict[str, int]:
        """Return the number of jobs of each state."""
        return {str(state): int(n) for state, n in self._link.run("SELECT state, count(*) FROM saerad.job GROUP BY 1")}

    def waiting(self) -> int:
        """Return how many jobs of all nodes are not at their end."""
        return int(self._link.run(f"SELECT count(*) FROM saerad.job WHERE state IN {OPEN}")[0][0])

    def states(self, uid: str) -> set[str]:
        """Return the states of an instance's jobs, with any pack."""
        return {row[0] for row in self._link.run("SELECT state FROM saerad.job WHERE uid = :uid", uid=uid)}

    def kept(self) -> set[int]:
        """Return none: what is needed is brought again."""
        return set()

    def nodes(self) -> list[dict[str, object]]:
        """Return name, life, seconds since the last beat, and work of each node of the last days."""
        names = ("name", "alive", "seen_s_ago", "analysed", "ended", "works_on")
        return [dict(zip(names, row, strict=True)) for row in self._link.run(_NODES)]

    def _own_step(self, session: Session, job: Job, change: str, *, free: bool = True, **values: object) -> None:
        session.run(
            f"UPDATE saerad.job SET {change}{f', {_FREE}' if free else ''} WHERE {_OWN}",
            job=job.id,
            claim=job.claim,
            node=self._node.id,
            **values,
        )
        if session.row_count == 0:
            raise JobTaken("JOB_TAKEN", "another node has taken the job up", "nothing; it is done there")

    def _count(self, session: Session, column: str) -> None:
        session.run(
            f"UPDATE saerad.node SET {column} = {column} + 1 WHERE id = CAST(:node AS uuid)", node=self._node.id
        )
