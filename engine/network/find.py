"""C-ECHO and C-FIND (PS3.4 annexes A and C)."""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from engine.errors import Cancelled, NetworkError
from engine.network.association import associated, broken, place
from engine.network.nodes import DimseNode, Local
from engine.network.query import RETURNED, Match, Query, match_of

STUDY_ROOT_FIND = UID(StudyRootQueryRetrieveInformationModelFind)
_PENDING = (0xFF00, 0xFF01)
_SUCCESS, _CANCELLED = 0x0000, 0xFE00
_MESSAGE_ID = 1

Cancel = Callable[[], bool]


def echo(node: DimseNode, local: Local) -> None:
    """Ask a node whether it is there (C-ECHO).

    Raises
    ------
    NetworkError
        As `engine.network.association.associated`; ``NODE_LOST``, ``NODE_FAILED``.
    """
    with associated(node, local, [build_context(Verification)]) as association:
        status = association.send_c_echo()
        if "Status" not in status:
            raise broken(node)
        if status.Status != _SUCCESS:
            raise failed(node, "C-ECHO", status)


def find(node: DimseNode, local: Local, query: Query, cancelled: Cancel | None = None) -> list[Match]:
    """Return what a node has (C-FIND, study root), at most ``query.limit`` matches; then the node is told to stop.

    Answers without a valid UID are left out, since nothing could be fetched by them.

    Raises
    ------
    NetworkError
        As `associated`; ``NODE_LOST``, ``NODE_FAILED``.
    Cancelled
    """
    found: list[Match] = []
    with associated(node, local, [build_context(STUDY_ROOT_FIND)]) as association:
        stopped, abandoned = False, False
        for status, answer in association.send_c_find(identifier(query), STUDY_ROOT_FIND, _MESSAGE_ID):
            if "Status" not in status:
                raise broken(node)
            if status.Status not in _PENDING:
                if status.Status not in (_SUCCESS, _CANCELLED):
                    raise failed(node, "C-FIND", status)
                break
            match = match_of(query.level, answer) if answer is not None and not stopped else None
            if match is not None:
                found.append(match)
            abandoned = abandoned or (cancelled is not None and cancelled())
            if not stopped and (abandoned or len(found) >= query.limit):
                association.send_c_cancel(_MESSAGE_ID, query_model=STUDY_ROOT_FIND)
                stopped = True
        if abandoned:
            raise Cancelled
    return found


def identifier(query: Query) -> Dataset:
    """Return the identifier of a C-FIND: the keys with values and, empty, the attributes that are wanted."""
    asked = Dataset()
    asked.SpecificCharacterSet = "ISO_IR 192"
    asked.QueryRetrieveLevel = query.level.upper()
    for keyword in RETURNED[query.level]:
        setattr(asked, keyword, None)
    for keyword, value in query.attributes().items():
        setattr(asked, keyword, value)
    return asked


def failed(node: DimseNode, service: str, status: Dataset) -> NetworkError:
    """Say that a node could not do what it was asked, with its status and, where it gives one, its comment."""
    comment = str(status.get("ErrorComment", ""))[:64]
    code = f"status 0x{int(status.Status):04X}" + (f", {comment!r}" if comment else "")
    return NetworkError("NODE_FAILED", f"{place(node)} could not do the {service} ({code})", "ask who runs the node")
