"""QIDO-RS, WADO-RS and STOW-RS (PS3.18)."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from engine.dicom.elements import one_line
from engine.dicom.header import is_uid
from engine.errors import Cancelled, NetworkError
from engine.export.atomic import atomic_path, write_error
from engine.network.find import Cancel
from engine.network.http import CHUNK, Web, body, json_body
from engine.network.limits import MAX_OBJECT_BYTES, MAX_OBJECTS, MAX_RETRIEVED_BYTES
from engine.network.multipart import Parts, boundary_of
from engine.network.nodes import WebNode
from engine.network.query import RETURNED, UIDS, Match, Query, match_with
from engine.network.retrieve import Counted, Retrieved
from engine.network.store import Outgoing, Sent, Told

_JSON = "application/dicom+json"
_OBJECTS = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_PAGE = 500
_BUSY = (0xA700, 0x0110)


def search(name: str, node: WebNode, query: Query, cancelled: Cancel | None = None) -> list[Match]:
    """Return what a node has (QIDO-RS), page by page, at most ``query.limit`` matches.

    Raises
    ------
    NetworkError
        As `engine.network.http.Web.ask`; ``NODE_TOO_MUCH``.
    Cancelled
    """
    found: dict[str, Match] = {}
    with Web(name, node) as web:
        offset = 0
        while len(found) < query.limit:
            if cancelled is not None and cancelled():
                raise Cancelled
            size = min(_PAGE, query.limit - len(found))
            parameters = {**query.attributes(), "limit": str(size), "offset": str(offset)}
            parameters["includefield"] = ",".join(RETURNED[query.level])
            path = _query_path(query, parameters)
            with web.ask("GET", path, _JSON, parameters=parameters) as response:
                answers = json_body(response)
            page = _matches(query, answers)
            new = {_uid(match): match for match in page if _uid(match) not in found}
            found |= new
            # A node that does not know offsets sends the same page again.
            if not new or len(page) < size:
                break
            offset += len(page)
    return list(found.values())[: query.limit]


def _query_path(query: Query, parameters: dict[str, str]) -> str:
    parts = ["studies"]
    if query.level != "study":
        parts += [parameters.pop("StudyInstanceUID"), "series"]
    if query.level == "image":
        parts += [parameters.pop("SeriesInstanceUID"), "instances"]
    return "/".join(parts)


def _matches(query: Query, answers: Any) -> list[Match]:
    if answers is None:
        return []
    if not isinstance(answers, list) or len(answers) > MAX_OBJECTS:
        raise NetworkError("NODE_ANSWER", "the node's answer is no list of matches", "check the URL of the node")
    found = (match_with(query.level, _values(query, answer)) for answer in answers)
    return [match for match in found if match is not None]


def _values(query: Query, answer: Any) -> dict[str, str]:
    """Take as text of an answer (PS3.18 annex F) only what was asked for; what has another form is empty."""
    elements = answer if isinstance(answer, dict) else {}
    return {keyword: _text(elements.get(f"{tag_for_keyword(keyword):08X}")) for keyword in RETURNED[query.level]}


def _text(element: Any) -> str:
    values = element.get("Value") if isinstance(element, dict) else None
    if not isinstance(values, list):
        return ""
    texts = []
    for value in values:
        if isinstance(value, dict):
            groups = [str(value.get(name, "")) for name in ("Alphabetic", "Ideographic", "Phonetic")]
            texts.append("=".join(groups).rstrip("="))
        elif isinstance(value, (str, int, float)):
            texts.append(str(value))
    return one_line("\\".join(texts))


def _uid(match: Match) -> str:
    return match[UIDS[match.level]]


def fetch(
    name: str,
    node: WebNode,
    asked: Dataset,
    folder: Path,
    *,
    progress: Counted | None = None,
    cancelled: Cancel | None = None,
) -> Retrieved:
    """Fetch objects into a folder (WADO-RS), see `engine.network.retrieve.retrieve`.

    Raises
    ------
    NetworkError
        As `engine.network.http.Web.ask`; ``NODE_TOO_MUCH``.
    ExportError
        ``EXPORT_WRITE``.
    Cancelled
    """
    path = f"studies/{asked.StudyInstanceUID}"
    if "SeriesInstanceUID" in asked:
        path += f"/series/{asked.SeriesInstanceUID}"
    if "SOPInstanceUID" in asked:
        path += f"/instances/{asked.SOPInstanceUID}"
    paths: list[Path] = []
    failed = 0
    with Web(name, node) as web, web.ask("GET", path, _OBJECTS) as response:
        boundary = boundary_of(response.headers.get("Content-Type", ""))
        for part in Parts(body(response, MAX_RETRIEVED_BYTES), boundary):
            if cancelled is not None and cancelled():
                raise Cancelled
            if len(paths) + failed >= MAX_OBJECTS:
                raise NetworkError("NODE_TOO_MUCH", "the node sends more objects than are taken", "ask for one series")
            written = _write(folder, part)
            failed += written is None
            paths += [written] if written is not None else []
            if progress is not None:
                progress(len(paths), 0)
    return Retrieved(tuple(dict.fromkeys(paths)), failed)


def _write(folder: Path, part: Iterator[bytes]) -> Path | None:
    """Write a part under the UID that it says it has; None for one that is no DICOM object."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".saerad-", suffix=".part") as temporary:
            size = 0
            for piece in part:
                size += len(piece)
                if size > MAX_OBJECT_BYTES:
                    raise NetworkError("NODE_TOO_MUCH", "the node sends an object larger than is taken")
                temporary.write(piece)
            temporary.seek(0)
            uid = _instance(temporary)
            if uid is None:
                return None
            temporary.seek(0)
            with atomic_path(folder / f"{uid}.dcm") as final, final.open("wb") as stream:
                while piece := temporary.read(CHUNK):
                    stream.write(piece)
    except OSError as error:
        raise write_error(folder, error) from error
    return folder / f"{uid}.dcm"


def _instance(stream: Any) -> str | None:
    try:
        uid = str(pydicom.dcmread(stream, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID)
    except (InvalidDicomError, AttributeError, ValueError, TypeError, KeyError, RecursionError, NotImplementedError):
        return None
    return uid if is_uid(uid) else None


def upload(
    name: str,
    node: WebNode,
    files: Sequence[Outgoing],
    told: Told | None = None,
    cancelled: Cancel | None = None,
    *,
    retries: int = 3,
    pause: Callable[[int], None],
) -> list[Sent]:
    """Send files (STOW-RS), each in a request of its own so that each has its own outcome; see `store.store`.

    Parameters
    ----------
    pause : callable
        Waits before another try, whose number from 0 it is told.

    Raises
    ------
    NetworkError
        As `engine.network.http.Web.ask`, when the first file cannot be sent at all.
    Cancelled
    """
    outcomes: list[Sent] = []
    with Web(name, node) as web:
        for file in files:
            if cancelled is not None and cancelled():
                raise Cancelled
            outcomes.append(_upload(web, file, retries, pause, first=not outcomes))
            if told is not None:
                told(outcomes[-1])
    return outcomes


def _upload(web: Web, file: Outgoing, retries: int, pause: Callable[[int], None], *, first: bool) -> Sent:
    for number in range(retries + 1):
        try:
            sent = _post(web, file)
        except NetworkError as error:
            if first and (error.code != "NODE_LOST" or number == retries):
                raise
            sent = Sent(file.path, file.uid, error.code, error.message)
        if sent.code not in ("NODE_LOST", "NODE_BUSY", "NODE_UNREACHABLE") or number == retries:
            break
        pause(number)
    return sent


def _post(web: Web, file: Outgoing) -> Sent:
    boundary = uuid.uuid4().hex
    headers = {"Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}'}
    try:
        with web.ask("POST", "studies", _JSON, data=_Upload(file.path, boundary), headers=headers) as response:
            if response.status_code == 200:
                return Sent(file.path, file.uid, "OK")
            answer = json_body(response)
    except FileNotFoundError:
        return Sent(file.path, file.uid, "NOT_SENDABLE", "the file has gone")
    reason = _failure(answer)
    if response.status_code == 202 and reason is None:
        return Sent(file.path, file.uid, "OK", "with a warning")
    message = "the node refused it" + (f" (reason 0x{reason:04X})" if reason is not None else "")
    return Sent(file.path, file.uid, "NODE_BUSY" if reason in _BUSY else "NODE_FAILED", message)


class _Upload:
    """The body of a request that stores one file, of known length, read while it is sent."""

    def __init__(self, path: Path, boundary: str) -> None:
        self._path = path
        self._head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()

    def __len__(self) -> int:
        return len(self._head) + self._path.stat().st_size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        with self._path.open("rb") as stream:
            while piece := stream.read(CHUNK):
                yield piece
        yield self._tail


def _failure(answer: Any) -> int | None:
    """Return the Failure Reason (0008,1197) of the first item of the Failed SOP Sequence, None where there is none."""
    try:
        return int(answer["00081198"]["Value"][0]["00081197"]["Value"][0])
    except (KeyError, IndexError, TypeError, ValueError):
        return None
