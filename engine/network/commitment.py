"""Storage commitment as its user (PS3.4 annex J): ask a node to keep what it was sent, and wait for its word.

The node answers the request at once, and says later what it keeps: by an N-EVENT-REPORT on the same association or on
one that it opens to us.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID
from pynetdicom import build_context, evt
from pynetdicom.presentation import PresentationContext

from engine.dicom.elements import Elements
from engine.errors import Cancelled, NetworkError
from engine.network.association import associated, broken, place
from engine.network.find import Cancel, failed
from engine.network.listening import listening
from engine.network.nodes import DimseNode, Local
from engine.network.store import Outgoing, Sent

COMMITMENT = UID("1.2.840.10008.1.20.1")
"""Storage Commitment Push Model SOP Class."""

WELL_KNOWN = UID("1.2.840.10008.1.20.1.1")
"""Its only instance."""

REQUEST = 1
"""Action Type ID of a request (PS3.4 J.3.2.1.1)."""

SUCCESS, INVALID = 0x0000, 0x0115
_SAME_S = 5.0
"""For so long a node may answer on the association of the request; some answer only when that has ended."""

_LOOK_S = 0.1
_REASONS = {
    0x0110: "processing failure",
    0x0112: "it has no such object",
    0x0119: "it has an object of another class",
    0x0122: "it keeps no objects of this class",
    0x0131: "the transaction was used before",
    0x0213: "it is out of resources",
}
"""Failure Reason (0008,1197), PS3.3 C.14.1.1."""


def commit(
    node: DimseNode, local: Local, files: Sequence[Outgoing], wait: float, cancelled: Cancel | None = None
) -> list[Sent]:
    """Ask a node to keep objects that it was sent, and return for each, in their order, what it says.

    Parameters
    ----------
    wait : float
        Seconds for the node's word.

    Returns
    -------
    list of Sent
        Code ``OK``; ``NODE_NOT_KEPT`` with the node's reason; ``COMMIT_LATE`` where it said nothing in time.

    Raises
    ------
    NetworkError
        As `associated`; ``PORT_TAKEN``, ``NODE_FAILED``, ``NODE_LOST``.
    Cancelled
    """
    word = _Word(files)
    handlers = [(evt.EVT_N_EVENT_REPORT, word.handle)]
    end = time.monotonic() + wait
    with listening(local, [commitment_context()], handlers, timeout=node.timeout):
        with associated(node, local, [build_context(COMMITMENT)], handlers=handlers) as association:
            status, _ = association.send_n_action(word.request, REQUEST, COMMITMENT, WELL_KNOWN)
            if "Status" not in status:
                raise broken(node)
            if status.Status != SUCCESS:
                raise failed(node, "N-ACTION", status)
            word.wait(min(end, time.monotonic() + min(_SAME_S, node.timeout / 2)), cancelled)
        word.wait(end, cancelled)
    return word.outcomes(node, wait)


def commitment_context() -> PresentationContext:
    """Return the context by which a port takes requests, and reports of a peer that proposes the provider's role."""
    context = build_context(COMMITMENT)
    context.scu_role = context.scp_role = True
    return context


def references(instances: Sequence[tuple[str, str]]) -> Items:
    """Return items of a Referenced SOP Sequence for (class, instance)."""
    items = []
    for sop_class, uid in instances:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        items.append(item)
    return Items(items)


class _Word:
    """One request and what the node says of it; anybody may connect to our port, so only its own is believed."""

    def __init__(self, files: Sequence[Outgoing]) -> None:
        self._files = files
        self._said: dict[str, int] = {}
        self._come = threading.Event()
        self.request = Dataset()
        self.request.TransactionUID = f"2.25.{uuid.uuid4().int}"
        self.request.ReferencedSOPSequence = references([(file.sop_class, file.uid) for file in files])

    def handle(self, event: evt.Event) -> tuple[int, None]:
        """Take an N-EVENT-REPORT; for one that cannot be read the library answers with a processing failure."""
        told = Elements(event.event_information)
        if told.text("TransactionUID") != self.request.TransactionUID:
            return INVALID, None
        said = {item.text("ReferencedSOPInstanceUID"): SUCCESS for item in told.items("ReferencedSOPSequence")}
        for item in told.items("FailedSOPSequence"):
            said[item.text("ReferencedSOPInstanceUID")] = item.integer("FailureReason") or 0x0110
        self._said = said
        self._come.set()
        return SUCCESS, None

    def wait(self, end: float, cancelled: Cancel | None) -> None:
        """Wait for the node's word until `end` of the monotonic clock."""
        while time.monotonic() < end and not self._come.wait(_LOOK_S):
            if cancelled is not None and cancelled():
                raise Cancelled

    def outcomes(self, node: DimseNode, waited: float) -> list[Sent]:
        """Return what became of each file."""
        return [self._outcome(node, file, waited) for file in self._files]

    def _outcome(self, node: DimseNode, file: Outgoing, waited: float) -> Sent:
        if not self._come.is_set():
            late = NetworkError("COMMIT_LATE", f"{place(node)} did not say in {waited:g} s whether it keeps it")
            return Sent(file.path, file.uid, late.code, late.message)
        reason = self._said.get(file.uid)
        if reason == SUCCESS:
            return Sent(file.path, file.uid, "OK")
        why = "it says nothing of it" if reason is None else _REASONS.get(reason, f"reason 0x{reason:04X}")
        refused = NetworkError("NODE_NOT_KEPT", f"{place(node)} does not keep it: {why}")
        return Sent(file.path, file.uid, refused.code, refused.message)
