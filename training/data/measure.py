"""Check that every listed image is there and sound at first sight; measure and hash it; keep patients in one split."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from engine.dicom.recognise import HEAD_BYTES, Kind, recognise
from engine.errors import DataError, SaeRadError
from training.data.listing import Problems
from training.data.manifest import IndexRow, fault_of
from training.data.splits import SplitCheck

_CHUNK = 1 << 20
_AHEAD = 8
_IMAGES = (Kind.DICOM, Kind.HEADLESS, Kind.PICTURE)


def measure_rows(
    rows: Iterable[IndexRow], root: Path, problems: Problems, *, workers: int = 1, hashing: bool = True
) -> Iterator[IndexRow]:
    """Yield the rows with size and hash, in order; those that fail are left out and noted.

    A few files are read ahead by threads, since disks and networks wait longer than the hash takes.

    Parameters
    ----------
    rows : iterable of IndexRow
        Read lazily, from this thread.
    root : Path
        Folder that the paths are relative to.
    hashing : bool
        Without it no file is opened; only that it is there and not empty is checked.
    """
    check = _Check(problems)
    waiting: deque[tuple[IndexRow, Future[tuple[int, str]]]] = deque()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            for row in rows:
                if not check.may_enter(row):
                    continue
                waiting.append((row, pool.submit(measure_file, root / row.path, hashing=hashing)))
                if len(waiting) >= _AHEAD * workers:
                    yield from _finished(*waiting.popleft(), problems, check)
            while waiting:
                yield from _finished(*waiting.popleft(), problems, check)
        finally:
            for _, future in waiting:
                future.cancel()


def _finished(row: IndexRow, future: Future[tuple[int, str]], problems: Problems, check: _Check) -> Iterator[IndexRow]:
    try:
        size, sha256 = future.result()
    except SaeRadError as error:
        problems.failed(row.path, error)
        return
    measured = replace(row, size=size, sha256=sha256)
    check.entered(measured)
    yield measured


def measure_file(path: Path, *, hashing: bool) -> tuple[int, str]:
    """Return the size in bytes and the SHA-256 (hexadecimal, empty without `hashing`) of an image.

    Raises
    ------
    DataError
        ``IMAGE_MISSING``, ``IMAGE_EMPTY``, ``IMAGE_UNREADABLE``, or ``IMAGE_KIND`` if its first bytes are no image's.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DataError("IMAGE_UNREADABLE", "this is not a regular file")
        if size == 0:
            raise DataError("IMAGE_EMPTY", "the file has no bytes")
        return size, _hash(path) if hashing else ""
    except FileNotFoundError as error:
        raise DataError("IMAGE_MISSING", "the tables name this image, but the file is not there") from error
    except OSError as error:
        raise DataError("IMAGE_UNREADABLE", f"the file cannot be read ({error.strerror or error})") from error


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        chunk = file.read(_CHUNK)
        kind, name = recognise(chunk[:HEAD_BYTES])
        if kind not in _IMAGES:
            raise DataError("IMAGE_KIND", f"the file is no image by its first bytes: {name}")
        while chunk:
            digest.update(chunk)
            chunk = file.read(_CHUNK)
    return digest.hexdigest()


class _Check:
    """What is checked over all rows: names are unique, patients and pictures are in one split."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._ids: set[str] = set()
        self._splits = SplitCheck()
        self._pictures: dict[bytes, tuple[str, str]] = {}

    def may_enter(self, row: IndexRow) -> bool:
        """Whether the row is sound and new; otherwise it is noted."""
        fault = fault_of(row)
        if fault:
            self._problems.add("INDEX_ROW", row.sample_id or row.path, fault)
            return False
        if row.sample_id in self._ids:
            self._problems.add("INDEX_TWICE", row.path, f"another image is called {row.sample_id} too")
            return False
        self._ids.add(row.sample_id)
        return True

    def entered(self, row: IndexRow) -> None:
        """Note a patient or a picture that is now in two splits."""
        other = self._splits.conflict(row.patient_id, row.split)
        if other is not None:
            message = f"the patient is in {other} and in {row.split}, here by {row.sample_id}"
            self._problems.add("SPLIT_PATIENT", row.patient_id, message)
        if row.sha256:
            first, split = self._pictures.setdefault(bytes.fromhex(row.sha256), (row.sample_id, row.split))
            if split != row.split:
                self._problems.add("SPLIT_PICTURE", row.path, f"the same file is {first} in {split}")
