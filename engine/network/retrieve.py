"""C-GET and C-MOVE (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID, AllTransferSyntaxes
from pynetdicom import build_context, build_role, evt
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    EncapsulatedPDFStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from engine.errors import Cancelled, NetworkError
from engine.network.association import associated, broken, place
from engine.network.find import Cancel, failed
from engine.network.incoming import Incoming
from engine.network.limits import MAX_OBJECTS, MAX_RETRIEVED_BYTES
from engine.network.listening import listening
from engine.network.nodes import DimseNode, Local

GET, MOVE = UID(StudyRootQueryRetrieveInformationModelGet), UID(StudyRootQueryRetrieveInformationModelMove)
STORED_CLASSES = tuple(
    UID(uid)
    for uid in (
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        DigitalXRayImageStorageForProcessing,
        SecondaryCaptureImageStorage,
        GrayscaleSoftcopyPresentationStateStorage,
        SegmentationStorage,
        EncapsulatedPDFStorage,
        KeyObjectSelectionDocumentStorage,
        "1.2.840.10008.5.1.4.1.1.7.2",  # multi-frame grayscale byte secondary capture
        "1.2.840.10008.5.1.4.1.1.7.3",  # multi-frame grayscale word secondary capture
        "1.2.840.10008.5.1.4.1.1.7.4",  # multi-frame true colour secondary capture
        "1.2.840.10008.5.1.4.1.1.88.11",  # basic text SR
        "1.2.840.10008.5.1.4.1.1.88.22",  # enhanced SR
        "1.2.840.10008.5.1.4.1.1.88.33",  # comprehensive SR
        "1.2.840.10008.5.1.4.1.1.88.34",  # comprehensive 3D SR
    )
)
"""What this program reads or writes, and so takes from an archive."""

_UNCOMPRESSED = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
_COMPRESSED = [str(uid) for uid in AllTransferSyntaxes if str(uid) not in _UNCOMPRESSED]
_PENDING, _SUCCESS, _WARNING, _CANCELLED = (0xFF00, 0xFF01), 0x0000, 0xB000, 0xFE00
_MESSAGE_ID = 1
Counted = Callable[[int, int], None]


@dataclass(frozen=True)
class Retrieved:
    """What came of a retrieval.

    Attributes
    ----------
    paths : tuple of Path
        Objects that lie there whole.
    failed : int
        Objects that the node could not send, or for which there was no room here.
    """

    paths: tuple[Path, ...]
    failed: int


def storage_contexts() -> list[PresentationContext]:
    """Return the presentation contexts of what is taken, compressed and not."""
    return [build_context(uid, _UNCOMPRESSED) for uid in STORED_CLASSES] + [
        build_context(uid, _COMPRESSED) for uid in STORED_CLASSES
    ]


def wanted(study: str, series: str = "", image: str = "") -> Dataset:
    """Return the identifier of a retrieval."""
    asked = Dataset()
    asked.QueryRetrieveLevel = "IMAGE" if image else "SERIES" if series else "STUDY"
    asked.StudyInstanceUID = study
    if series:
        asked.SeriesInstanceUID = series
    if image:
        asked.SOPInstanceUID = image
    return asked


def retrieve(
    node: DimseNode,
    local: Local,
    asked: Dataset,
    folder: Path,
    *,
    progress: Counted | None = None,
    cancelled: Cancel | None = None,
) -> Retrieved:
    """Fetch objects into a folder, by C-GET, or by C-MOVE to a port that is open meanwhile, as the node is declared.

    Parameters
    ----------
    asked : Dataset
        See `wanted`.
    progress : callable, optional
        Called with the number of objects that have come and, where the node tells (else 0), of all.

    Raises
    ------
    NetworkError
        As `associated`; ``NODE_LOST``, ``NODE_FAILED``, ``PORT_TAKEN``.
    ExportError
        ``EXPORT_WRITE``.
    Cancelled
    """
    incoming = Incoming(folder, None, MAX_RETRIEVED_BYTES, MAX_OBJECTS)
    handler = (evt.EVT_C_STORE, incoming.handle)
    if node.retrieve == "get":
        contexts = [build_context(GET), *storage_contexts()]
        roles = [build_role(uid, scp_role=True) for uid in STORED_CLASSES]
        with associated(node, local, contexts, roles=roles, handlers=[handler]) as association:
            _require_get(node, association.accepted_contexts)
            steps = association.send_c_get(asked, GET, _MESSAGE_ID)
            failures = _follow(
                node, "C-GET", steps, incoming, progress=progress, cancelled=cancelled, cancel=association.send_c_cancel
            )
    else:
        with (
            listening(local, merged_contexts(), [handler], timeout=node.timeout),
            associated(node, local, [build_context(MOVE)]) as association,
        ):
            steps = association.send_c_move(asked, local.ae_title, MOVE, _MESSAGE_ID)
            failures = _follow(
                node,
                "C-MOVE",
                steps,
                incoming,
                progress=progress,
                cancelled=cancelled,
                cancel=association.send_c_cancel,
            )
    if incoming.error is not None:
        raise incoming.error
    return Retrieved(tuple(dict.fromkeys(incoming.paths)), failures)


def _follow(
    node: DimseNode,
    service: str,
    steps: Iterable[tuple[Dataset, Dataset | None]],
    incoming: Incoming,
    *,
    progress: Counted | None,
    cancelled: Cancel | None,
    cancel: Callable[..., None],
) -> int:
    """Follow the operation to its end and return how many objects failed."""
    model, stopping, final = GET if service == "C-GET" else MOVE, False, Dataset()
    for final, _identifier in steps:
        if "Status" not in final:
            raise broken(node)
        count = len(incoming.paths)
        if progress is not None:
            remaining = final.get("NumberOfRemainingSuboperations")
            progress(count, count + int(remaining) if remaining is not None else 0)
        if not stopping and final.Status in _PENDING and cancelled is not None and cancelled():
            cancel(_MESSAGE_ID, query_model=model)
            stopping = True
    if stopping or final.Status == _CANCELLED:
        raise Cancelled
    failures = int(final.get("NumberOfFailedSuboperations") or 0)
    if final.Status not in (_SUCCESS, _WARNING) and not (failures and incoming.paths):
        if incoming.error is not None:
            raise incoming.error
        raise failed(node, service, final)
    return failures


def _require_get(node: DimseNode, accepted: Iterable[PresentationContext]) -> None:
    if all(context.abstract_syntax != GET for context in accepted):
        raise NetworkError(
            "NODE_UNSUPPORTED",
            f"{place(node)} offers no C-GET",
            'declare retrieve = "move" for the node, or ask who runs it',
        )


def merged_contexts() -> list[PresentationContext]:
    """Return what a listening port takes: each class once with all transfer syntaxes."""
    return [build_context(uid, [*_UNCOMPRESSED, *_COMPRESSED]) for uid in STORED_CLASSES]
