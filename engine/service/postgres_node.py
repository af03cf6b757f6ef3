"""One node of a common queue: it is there as long as it says so, and what it holds is its own for as long."""

from __future__ import annotations

import logging
import threading
import time
import uuid

from engine.errors import QueueLost, ServiceError
from engine.service.postgres_link import Link, Session
from engine.service.postgres_schema import migrate
from engine.service.queue import OPEN

_LOG = logging.getLogger(__name__)
_FORGOTTEN = "7 days"


class PostgresNode:
    """Registers this process, and renews what it holds from a thread with a connection of its own.

    Parameters
    ----------
    link : Link
        For the beats only.
    name : str
    pack : str
    lease : float
        Seconds without a beat after which others take the node's job up. This node begins nothing more for a job
        after half of them, so that what is under way, such as one C-STORE, has the other half.

    Raises
    ------
    QueueLost, ServiceError
        As `Link.transaction`, and ``QUEUE_PACK``, ``QUEUE_NEWER``.
    """

    def __init__(self, link: Link, name: str, pack: str, lease: float) -> None:
        self.id, self.lease = str(uuid.uuid4()), f"{lease} s"
        self._link, self._name, self._pack, self._seconds = link, name, pack, lease
        self._held: dict[tuple[int, int], float] = {}
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._refused: ServiceError | None = None
        with link.transaction() as session:
            self._register(session)
        self._thread = threading.Thread(target=self._beat_on, name="saerad-node", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say nothing more."""
        self._ended.set()
        self._thread.join()
        self._link.close()

    def require(self) -> None:
        """Raise what keeps this node from going on (``QUEUE_PACK``: while it was away, others began with another)."""
        if self._refused is not None:
            raise self._refused

    def took(self, job: int, claim: int, asked: float) -> None:
        """Remember a job that was taken up by a question asked at `asked` (`time.monotonic`)."""
        with self._lock:
            self._held = {(job, claim): asked + self._seconds / 2}

    def holds(self, job: int, claim: int) -> bool:
        """Whether the job is surely still this node's."""
        with self._lock:
            return time.monotonic() < self._held.get((job, claim), 0.0)

    def beat(self) -> None:
        """Tell the others that this node is there, and renew what it holds; raises as `Link.transaction`."""
        asked = time.monotonic()
        with self._link.transaction() as session:
            session.run(
                "UPDATE saerad.node SET seen = clock_timestamp(), ends = clock_timestamp() + CAST(:lease AS interval) "
                "WHERE id = CAST(:node AS uuid) AND ends > clock_timestamp()",
                lease=self.lease,
                node=self.id,
            )
            if session.row_count == 0:
                self._register(session)
        # A step of its own: it waits for nobody while it holds what a job's step may wait for.
        rows = self._link.run(
            "UPDATE saerad.job SET lease = clock_timestamp() + CAST(:lease AS interval) "
            f"WHERE holder = CAST(:node AS uuid) AND state IN {OPEN} RETURNING id, claim",
            lease=self.lease,
            node=self.id,
        )
        with self._lock:
            for job, claim in rows:
                if (job, claim) in self._held:
                    self._held[job, claim] = asked + self._seconds / 2

    def _beat_on(self) -> None:
        while not self._ended.wait(self._seconds / 8):
            try:
                self.beat()
            except QueueLost as error:
                _LOG.warning("%s", error)
            except ServiceError as error:
                self._refused = error
                return

    def _register(self, session: Session) -> None:
        migrate(session)
        others = session.run(
            "SELECT name, pack FROM saerad.node WHERE ends > clock_timestamp() AND pack <> :pack LIMIT 1",
            pack=self._pack,
        )
        if others:
            raise ServiceError(
                "QUEUE_PACK",
                f"the node {others[0][0]} works on the queue with another pack ({others[0][1]})",
                "give all nodes the same pack; to change it, stop them all first",
            )
        # What another pack was to analyse is this one's now; what it made is only to be sent.
        session.run(
            "UPDATE saerad.job SET pack = :pack WHERE state = 'received' AND pack <> :pack AND NOT EXISTS "
            "(SELECT 1 FROM saerad.job other WHERE other.uid = job.uid AND other.pack = :pack)",
            pack=self._pack,
        )
        session.run("DELETE FROM saerad.job WHERE state = 'received' AND pack <> :pack", pack=self._pack)
        session.run("DELETE FROM saerad.node WHERE ends < clock_timestamp() - CAST(:old AS interval)", old=_FORGOTTEN)
        session.run(
            "INSERT INTO saerad.node (id, name, pack, started, seen, ends) VALUES (CAST(:node AS uuid), :name, :pack, "
            "clock_timestamp(), clock_timestamp(), clock_timestamp() + CAST(:lease AS interval)) "
            "ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, ends = excluded.ends",
            node=self.id,
            name=self._name,
            pack=self._pack,
            lease=self.lease,
        )
