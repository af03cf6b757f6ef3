"""C-STORE of many files (PS3.4 annex B): each with its own outcome, lost connections opened again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from engine.dicom.header import is_uid
from engine.errors import Cancelled, NetworkError
from engine.network.association import associated, broken
from engine.network.find import Cancel
from engine.network.nodes import DimseNode, Local

_UNCOMPRESSED = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
_MAX_CONTEXTS = 128
_BUSY = range(0xA700, 0xA800)
"""Out of resources: worth another try."""

_WORTH_A_TRY = ("NODE_LOST", "NODE_BUSY", "NODE_UNREACHABLE")
_WARNINGS = range(0xB000, 0xC000)
PAUSE_S = 1.0
Told = Callable[["Sent"], None]


@dataclass(frozen=True)
class Outgoing:
    """A file to send."""

    path: Path
    sop_class: str
    uid: str
    syntax: str


@dataclass(frozen=True)
class Sent:
    """What became of one file; `code` is ``OK`` or why it is not there."""

    path: Path
    uid: str
    code: str
    message: str = ""

    @property
    def stored(self) -> bool:
        """Whether the node has it."""
        return self.code == "OK"


def read_outgoing(path: Path) -> Outgoing:
    """Read what a file is from its beginning.

    Raises
    ------
    NetworkError
        ``NOT_SENDABLE`` for anything but a DICOM file of PS3.10 with valid UIDs.
    """
    try:
        head = pydicom.dcmread(path, specific_tags=["SOPClassUID", "SOPInstanceUID"], stop_before_pixels=True)
        found = Outgoing(path, str(head.SOPClassUID), str(head.SOPInstanceUID), str(head.file_meta.TransferSyntaxUID))
    except (InvalidDicomError, OSError, AttributeError, ValueError, TypeError, KeyError, NotImplementedError) as error:
        raise _not_sendable(path) from error
    if not all(map(is_uid, (found.sop_class, found.uid, found.syntax))):
        raise _not_sendable(path)
    return found


def store(
    node: DimseNode,
    local: Local,
    files: Sequence[Outgoing],
    told: Told | None = None,
    cancelled: Cancel | None = None,
    *,
    retries: int = 3,
) -> list[Sent]:
    """Send files and return what became of each, in their order.

    A file that the node refuses does not keep the others from being sent. After a lost connection, and when the node is
    out of resources, it is tried again from that file on, `retries` times with growing pauses. Sending an object twice
    is harmless: a node keeps one of a UID.

    Raises
    ------
    NetworkError
        As `associated`, when no connection can be opened at all.
    Cancelled
    """
    outcomes: dict[int, Sent] = {}

    def record(index: int, sent: Sent) -> None:
        outcomes[index] = sent
        left.remove(index)
        if told is not None:
            told(sent)

    for group in _groups(files):
        left, tries = list(group), 0
        while left:
            try:
                for index, sent in _send(node, local, [(i, files[i]) for i in left], cancelled):
                    if sent.code == "NODE_BUSY" and tries < retries:
                        raise NetworkError("NODE_BUSY", sent.message, "try again later")
                    record(index, sent)
                    tries = 0 if sent.stored else tries
            except NetworkError as error:
                if error.code == "NODE_UNSUPPORTED":
                    for index in list(left):
                        record(index, Sent(files[index].path, files[index].uid, error.code, error.message))
                    continue
                if error.code not in _WORTH_A_TRY or (error.code == "NODE_UNREACHABLE" and not outcomes and not tries):
                    raise
                if tries < retries:
                    time.sleep(PAUSE_S * 2**tries)
                    tries += 1
                    continue
                # One file may be what ends the connection: the next ones have one try each until one succeeds.
                for index in left[:1] if error.code == "NODE_LOST" else list(left):
                    record(index, Sent(files[index].path, files[index].uid, error.code, error.message))
    return [outcomes[index] for index in range(len(files))]


def _groups(files: Sequence[Outgoing]) -> Iterator[list[int]]:
    """Yield indices of files whose presentation contexts fit into one association."""
    group, kinds = list[int](), set[tuple[str, str]]()
    for index, file in enumerate(files):
        kind = (file.sop_class, file.syntax)
        if kind not in kinds and len(kinds) == _MAX_CONTEXTS:
            yield group
            group, kinds = [], set()
        kinds.add(kind)
        group.append(index)
    if group:
        yield group


def _contexts(files: Sequence[Outgoing]) -> list[PresentationContext]:
    kinds = dict.fromkeys((file.sop_class, file.syntax) for file in files)
    return [build_context(UID(c), list(_UNCOMPRESSED) if s in _UNCOMPRESSED else [s]) for c, s in kinds]


def _send(
    node: DimseNode, local: Local, files: Sequence[tuple[int, Outgoing]], cancelled: Cancel | None
) -> Iterator[tuple[int, Sent]]:
    with associated(node, local, _contexts([file for _, file in files])) as association:
        for number, (index, file) in enumerate(files, 1):
            if cancelled is not None and cancelled():
                raise Cancelled
            yield index, _send_one(node, association, file, number % 0xFFFF)


def _send_one(node: DimseNode, association: Association, file: Outgoing, message: int) -> Sent:
    try:
        dataset = pydicom.dcmread(file.path)
        status = association.send_c_store(dataset, message)
    except RuntimeError as error:  # the association has ended
        raise broken(node) from error
    except (ValueError, AttributeError, OSError, InvalidDicomError) as error:
        if not association.is_established:
            raise broken(node) from error
        taken = any(context.abstract_syntax == file.sop_class for context in association.accepted_contexts)
        if taken:
            return Sent(file.path, file.uid, "NOT_SENDABLE", f"it cannot be encoded for the node ({error})")
        return Sent(file.path, file.uid, "NODE_UNSUPPORTED", "the node takes no objects of this class or compression")
    return _outcome(node, file, status)


def _outcome(node: DimseNode, file: Outgoing, status: Dataset) -> Sent:
    if "Status" not in status:
        raise broken(node)
    value = int(status.Status)
    if value == 0 or value in _WARNINGS:
        return Sent(file.path, file.uid, "OK", f"with warning 0x{value:04X}" if value else "")
    comment = str(status.get("ErrorComment", ""))[:64]
    message = f"the node refused it (status 0x{value:04X}" + (f", {comment!r})" if comment else ")")
    return Sent(file.path, file.uid, "NODE_BUSY" if value in _BUSY else "NODE_FAILED", message)


def _not_sendable(path: Path) -> NetworkError:
    return NetworkError(
        "NOT_SENDABLE", f"{path.name} is no DICOM file with valid UIDs", "only DICOM files can be sent to an archive"
    )
