"""The service: receiver, watched folder, queue and worker in one process, until it is told to stop."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from pynetdicom import build_context, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from engine.errors import QueueLost
from engine.inference.analyzer import Analyzer
from engine.network.commitment import commitment_context
from engine.network.listening import listening
from engine.network.nodes import DimseNode, Local
from engine.network.peer import Peer
from engine.network.retrieve import merged_contexts
from engine.service.commitment import Commitment
from engine.service.health import HealthPage
from engine.service.inbox import Inbox
from engine.service.open_queue import SharedQueue, open_queue
from engine.service.poll import Poll, PollSettings
from engine.service.promises import Promises
from engine.service.watch import WatchedFolder
from engine.service.work import Work

PAUSE_S = 0.5
LOOK_S = 2.0
EXPIRE_S = 60.0
_LOG = logging.getLogger(__name__)
_TIMEOUT_S = 60.0
_MOST_ASSOCIATIONS = 4


@dataclass(frozen=True)
class ServiceSettings:
    """What the service does.

    Attributes
    ----------
    state : Path
        Folder of this node's queue, of what was received and of results on their way.
    local : Local or None
        Where C-STORE and requests for storage commitment are listened for; None for nowhere.
    callers : mapping of str to DimseNode
        Declared nodes by AE title, to which commitment is reported.
    keep : float
        Seconds for which received images stay, and are committed to; only with `local`.
    watch : Path or None
        Folder that is looked through.
    poll : PollSettings or None
        Archive that is asked for new studies.
    health : int or None
        Port of the health page; None for none.
    most_waiting, least_free : int
        See `engine.service.inbox.Inbox`.
    shared : SharedQueue or None
        The queue that this node shares with others; None for one of its own, in `state`.
    """

    state: Path
    local: Local | None = None
    callers: Mapping[str, DimseNode] = field(default_factory=dict)
    keep: float = 0.0
    watch: Path | None = None
    poll: PollSettings | None = None
    health: int | None = None
    most_waiting: int = 1000
    least_free: int = 1 << 30
    shared: SharedQueue | None = None


class Service:
    """Everything that is open while the service runs; close it by leaving the context.

    Raises
    ------
    ServiceError
        As `open_queue`, and ``HEALTH_PORT``.
    NetworkError
        ``PORT_TAKEN``.
    """

    def __init__(self, settings: ServiceSettings, analyzer: Analyzer, peer: Peer) -> None:
        pack = analyzer.pack.manifest
        self._settings, self._started, self._stop = settings, time.time(), threading.Event()
        self._queue = open_queue(settings.state, f"{pack.name} {pack.version} {analyzer.pack.sha256}", settings.shared)
        keep = settings.keep if settings.local is not None else 0.0
        self._inbox = Inbox(settings.state, self._queue, settings.most_waiting, settings.least_free, keep)
        self._inbox.reconcile()
        self._promises = Promises(settings.state)
        self._work = Work(settings.state, self._queue, self._inbox, analyzer, peer)
        self._watch = WatchedFolder(settings.watch, self._inbox) if settings.watch is not None else None
        self._poll: Poll | None = None
        with ExitStack() as opened:
            opened.callback(self._queue.close)
            opened.callback(self._promises.close)
            if settings.local is not None:
                self._listen(opened, settings.local, settings.callers)
            if settings.poll is not None:
                self._poll = Poll(settings.state, self._queue, self._inbox, settings.poll)
                opened.callback(self._poll.close)
                opened.enter_context(self._poll.running())
            self.health = HealthPage(settings.health, self.report) if settings.health is not None else None
            if self.health is not None:
                opened.callback(self.health.close)
            self._opened = opened.pop_all()

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def run(self, *, once: bool = False) -> None:
        """Work until `stop`; with `once` until everything that lies there now is at its end.

        Raises
        ------
        ServiceError
            ``QUEUE_REFUSED``, ``QUEUE_PACK``, ``QUEUE_UNUSABLE``: what no waiting mends.
        """
        seen, due, swept = self._watch is None, 0.0, time.monotonic()
        while not self._stop.is_set():
            try:
                if self._watch is not None and time.monotonic() >= due:
                    seen, due = self._watch.look(), time.monotonic() + LOOK_S
                if time.monotonic() - swept >= EXPIRE_S:
                    self._inbox.expire()
                    swept = time.monotonic()
                job = self._queue.next()
                if job is not None:
                    self._work.do(job)
                elif once and seen and self._polled and self._queue.waiting() == 0:
                    return
                else:
                    self._stop.wait(PAUSE_S)
            except QueueLost as error:
                # The step is not written down, so it is done again.
                _LOG.error("%s", error)
                self._stop.wait(LOOK_S)

    @property
    def _polled(self) -> bool:
        return self._poll is None or self._poll.complete

    def stop(self) -> None:
        """End `run` after the job under way; callable from a signal handler."""
        self._stop.set()

    def report(self) -> dict[str, object]:
        """Return how things stand, without any identity."""
        uptime = round(time.time() - self._started)
        try:
            return {
                "ok": self._inbox.has_room(),
                "jobs": self._queue.counts(),
                "waiting": self._queue.waiting(),
                "commitments_waiting": self._promises.waiting(),
                **({"poll": self._poll.report()} if self._poll is not None else {}),
                "takes_more": self._inbox.has_room(),
                "disk_free_bytes": shutil.disk_usage(self._settings.state).free,
                "uptime_s": uptime,
                **({"nodes": nodes} if (nodes := self._queue.nodes()) else {}),
            }
        except QueueLost as error:
            return {"ok": False, "takes_more": False, "error": error.code, "uptime_s": uptime}

    def _listen(self, opened: ExitStack, local: Local, callers: Mapping[str, DimseNode]) -> None:
        commitment = Commitment(self._promises, self._inbox, local, callers)
        opened.enter_context(commitment.answering())
        contexts = [*merged_contexts(), build_context(Verification), commitment_context()]
        handlers = [(evt.EVT_C_STORE, self._inbox.handle), (evt.EVT_N_ACTION, commitment.handle)]
        opened.enter_context(listening(local, contexts, handlers, timeout=_TIMEOUT_S, most=_MOST_ASSOCIATIONS))
