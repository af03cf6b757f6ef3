"""Storage commitment as its provider (PS3.4 annex J): say of an instance only then that it is kept, when it lies here.

A request is written down before it is acknowledged. It is answered on an association that we open to the node of the
caller's AE title, where one is declared; else on the caller's own, as long as that lasts. We connect to nobody else.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pydicom.dataset import Dataset
from pynetdicom import build_context, build_role, evt
from pynetdicom.association import Association

from engine.dicom.elements import Elements
from engine.dicom.header import is_uid
from engine.errors import NetworkError, SaeRadError
from engine.network.association import associated
from engine.network.commitment import COMMITMENT, INVALID, REQUEST, SUCCESS, WELL_KNOWN, references
from engine.network.limits import MAX_OBJECTS
from engine.network.nodes import DimseNode, Local
from engine.network.store import read_outgoing
from engine.service.inbox import Inbox
from engine.service.promises import Promises, Request
from engine.service.queue import hashed

NO_SUCH_ACTION, OUT_OF_RESOURCES = 0x0123, 0x0213
"""Status of an N-ACTION (PS3.7 annex C)."""

NO_SUCH_OBJECT, OTHER_CLASS = 0x0112, 0x0119
"""Failure Reason (0008,1197)."""

_ALL_KEPT, _SOME_NOT = 1, 2
"""Event Type ID (PS3.4 J.3.3.1.1)."""

_LOG = logging.getLogger(__name__)
_LOOK_S = 1.0
_MOST_WAITING = 1000
_LONGEST_PAUSE_S = 300.0
_GIVEN_UP_S = 24 * 3600.0


class Commitment:
    """Takes requests and answers them from a thread of its own.

    Parameters
    ----------
    promises : Promises
    inbox : Inbox
    local : Local
    callers : mapping of str to DimseNode
        Declared nodes by AE title.
    """

    def __init__(self, promises: Promises, inbox: Inbox, local: Local, callers: Mapping[str, DimseNode]) -> None:
        self._promises, self._inbox, self._local, self._callers = promises, inbox, local, callers
        self._open: dict[str, Association] = {}
        self._asked, self._ended = threading.Event(), threading.Event()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer requests until the block ends."""
        thread = threading.Thread(target=self._run, name="saerad-commitment", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._asked.set()
            thread.join()

    def handle(self, event: evt.Event) -> tuple[int, None]:
        """Take an N-ACTION; for one that cannot be read the library answers with a processing failure."""
        if event.action_type != REQUEST:
            return NO_SUCH_ACTION, None
        asked = Elements(event.action_information)
        uid = asked.text("TransactionUID")
        instances = [
            (item.text("ReferencedSOPClassUID"), item.text("ReferencedSOPInstanceUID"))
            for item in asked.items("ReferencedSOPSequence")
        ]
        if not is_uid(uid) or not instances or not all(is_uid(part) for one in instances for part in one):
            return INVALID, None
        if len(instances) > MAX_OBJECTS or self._promises.waiting() >= _MOST_WAITING:
            return OUT_OF_RESOURCES, None
        self._promises.add(uid, event.assoc.requestor.ae_title, instances)
        self._open[uid] = event.assoc
        self._asked.set()
        return SUCCESS, None

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                request = self._promises.next()
                if request is not None:
                    self._answer(request)
                    continue
            except sqlite3.OperationalError as error:
                # Such as a full disk: what is not written down is done again.
                _LOG.error("the requests for commitment cannot be written: %s", error)
            self._asked.wait(_LOOK_S)
            self._asked.clear()

    def _answer(self, request: Request) -> None:
        try:
            self._report(request)
        except SaeRadError as error:  # also certificates that cannot be read
            if request.caller in self._callers and time.time() - request.asked < _GIVEN_UP_S:
                pause = min(2.0**request.tries, _LONGEST_PAUSE_S)
                _LOG.warning("commitment %s postponed for %.0f s: %s", hashed(request.uid), pause, error.code)
                self._promises.postpone(request.uid, pause)
                return
            _LOG.warning("commitment %s cannot be answered: %s", hashed(request.uid), error.code)
        self._promises.end(request.uid)
        self._open.pop(request.uid, None)

    def _report(self, request: Request) -> None:
        event = self._event(request)
        kind = _SOME_NOT if "FailedSOPSequence" in event else _ALL_KEPT
        same, node = self._open.get(request.uid), self._callers.get(request.caller)
        if node is not None:
            try:
                with associated(
                    node, self._local, [build_context(COMMITMENT)], roles=[build_role(COMMITMENT, scp_role=True)]
                ) as association:
                    _send(association, event, kind)
                return
            except SaeRadError:
                if same is None or not same.is_established:
                    raise
        if same is None or not same.is_established:
            raise NetworkError(
                "NODE_UNKNOWN", f"the caller {request.caller} has gone, and no node has its AE title", "declare it"
            )
        _send(same, event, kind)

    def _event(self, request: Request) -> Dataset:
        """Return what is true now: kept is what lies in the inbox, whole, and is what the caller says it is."""
        event, kept = Dataset(), []
        failures: dict[tuple[str, str], int] = {}
        for sop_class, uid in request.instances:
            reason = self._reason(sop_class, uid)
            if reason:
                failures[sop_class, uid] = reason
            else:
                kept.append((sop_class, uid))
        event.TransactionUID = request.uid
        if kept:
            event.ReferencedSOPSequence = references(kept)
        if failures:
            event.FailedSOPSequence = references(list(failures))
            for item, reason in zip(event.FailedSOPSequence, failures.values(), strict=True):
                item.FailureReason = reason
        _LOG.info("commitment %s: %d kept, %d not", hashed(request.uid), len(kept), len(failures))
        return event

    def _reason(self, sop_class: str, uid: str) -> int:
        try:
            found = read_outgoing(self._inbox.path(uid))
        except NetworkError:
            return NO_SUCH_OBJECT
        if found.uid != uid:
            return NO_SUCH_OBJECT
        if found.sop_class != sop_class:
            return OTHER_CLASS
        return SUCCESS if self._inbox.promise(uid) else NO_SUCH_OBJECT


def _send(association: Association, event: Dataset, kind: int) -> None:
    try:
        status, _ = association.send_n_event_report(event, kind, COMMITMENT, WELL_KNOWN)
    except (RuntimeError, ValueError) as error:  # the association has ended, or knows nothing of commitment
        raise _untold() from error
    if status.get("Status") != SUCCESS:
        raise _untold()


def _untold() -> NetworkError:
    return NetworkError("NODE_LOST", "the caller ended the connection or did not take the report", "ask it again")
