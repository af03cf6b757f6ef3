"""Look at files and folders and bring the index up to date: what is unchanged is not read again."""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.catalog.header import read_entry
from engine.catalog.schema import connection, transaction
from engine.catalog.sources import Source, is_archive, sources_in, stamp_of
from engine.catalog.writer import Seen, Writer
from engine.dicom.dicomdir import is_dicomdir, linked_files
from engine.dicom.folders import head_of
from engine.errors import Cancelled, ReadError

BATCH = 200
"""Files written at once; so many are read again after an interruption, at most."""

Progress = Callable[[str, float], None]
Place = tuple[bytes, str]


@dataclass
class Look:
    """What was found.

    Attributes
    ----------
    images : list of Path
        All images, in the order in which they were found; members of archives as ``study.zip/1.dcm``.
    added, changed, unchanged, removed : int
        Images; unchanged ones were not read, removed ones were indexed here and are there no longer.
    unreadable : list of tuple of Path and str
        Files that promise an image and are none, with the code that says why.
    """

    images: list[Path] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    file: int
    stamp: tuple[int, int]
    code: str


def look(
    index: Path,
    paths: Sequence[Path],
    progress: Progress = lambda _text, _fraction: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Look:
    """Index the images in files, folders, ZIP archives and behind DICOMDIRs.

    May be stopped or killed at any moment: what was written stays and is not read again the next time.

    Parameters
    ----------
    index : Path
        The SQLite file, see `engine.catalog.schema.connection`.
    paths : sequence of Path
    progress : callable
        Called with what is done, in words, and the fraction that is done.
    cancelled : callable
        Whether to stop.

    Raises
    ------
    Cancelled
        When it was stopped.
    CatalogError
        As `engine.catalog.schema.connection`.
    ReadError
        As `engine.dicom.files.find_images`, before anything is removed from the index.
    """
    found = Look()
    with connection(index) as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # headers are full of oddities; each image tells its own when it is opened
        for number, path in enumerate(paths):
            share = (number / len(paths), 1 / len(paths))
            _Root(opened, path.resolve(), found, share, progress=progress, cancelled=cancelled).look()
    return found


class _Root:
    """One path that was named, with what the index knows below it."""

    def __init__(
        self,
        opened: sqlite3.Connection,
        path: Path,
        found: Look,
        share: tuple[float, float],
        *,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        self._db, self._path, self._found = opened, path, found
        self._progress, self._cancelled, self._share = progress, cancelled, share
        self._head = head_of(path)
        linked = is_dicomdir(self._head)
        self._known = _known_below(opened, path.parent if linked else path)
        # Of the files beside a DICOMDIR only those that it links to are looked at.
        looked_at = {(os.fsencode(file), "") for file in linked_files(path)} if linked else self._known.keys()
        self._missing = {place: self._known[place] for place in looked_at if place in self._known}

    def look(self) -> None:
        if not self._path.exists():
            raise ReadError("FILE_MISSING", f"there is no file or folder {self._path}", "check the path")
        if self._is_unchanged_archive():
            self._keep_archive()
            return
        batch: list[Seen] = []
        for source in self._counted():
            seen = self._see(source)
            if seen is not None:
                batch.append(seen)
            if len(batch) == BATCH:
                self._write(batch)
                batch = []
            if self._cancelled():
                self._write(batch)
                raise Cancelled
        self._write(batch, gone=[known.file for known in self._missing.values()])
        self._found.removed += sum(not known.code for known in self._missing.values())

    def _counted(self) -> Iterator[Source]:
        """Yield the sources and report how far it is."""
        begun, width = self._share
        self._progress("Looking for images", begun)
        if is_archive(self._head):
            yield from sources_in(self._path, self._worth_reading)
            return
        listed = list(sources_in(self._path, self._worth_reading))
        for number, source in enumerate(listed):
            self._progress("Reading the index data of images", begun + width * number / len(listed))
            yield source

    def _see(self, source: Source) -> Seen | None:
        """Return what a source is, None if the index knows already."""
        place = (os.fsencode(source.path), source.member)
        known = self._known.get(place)
        self._missing.pop(place, None)
        if known is not None and known.stamp == source.stamp:
            if known.code:
                self._found.unreadable.append((source.image, known.code))
            else:
                self._found.unchanged += 1
                self._found.images.append(source.image)
            return None
        try:
            seen = Seen(source, read_entry(source))
        except ReadError as error:
            self._found.unreadable.append((source.image, error.code))
            return Seen(source, None, error.code)
        self._found.images.append(source.image)
        if known is None or known.code:
            self._found.added += 1
        else:
            self._found.changed += 1
        return seen

    def _worth_reading(self, file: Path, status: os.stat_result) -> bool | None:
        known = self._known.get((os.fsencode(file), ""))
        if known is None or known.stamp != stamp_of(status):
            return None
        return True

    def _is_unchanged_archive(self) -> bool:
        if not is_archive(self._head):
            return False
        stamp = stamp_of(self._path.stat())
        members = [known for (_path, member), known in self._known.items() if member]
        return bool(members) and all(known.stamp == stamp for known in members)

    def _keep_archive(self) -> None:
        for (_path, member), known in sorted(self._known.items()):
            if known.code:
                self._found.unreadable.append((self._path / member, known.code))
            else:
                self._found.unchanged += 1
                self._found.images.append(self._path / member)

    def _write(self, batch: Sequence[Seen], gone: Sequence[int] = ()) -> None:
        if not batch and not gone:
            return
        with transaction(self._db):
            writer = Writer(self._db)
            writer.write(batch)
            writer.forget(gone)
            writer.finish()


def _known_below(opened: sqlite3.Connection, path: Path) -> dict[Place, _Known]:
    """Return what the index knows of a file, of the members of an archive or of all files below a folder."""
    root = os.fsencode(path)
    below = root.rstrip(os.fsencode(os.sep)) + os.fsencode(os.sep)
    rows = opened.execute(
        "SELECT id, path, member, size, mtime_ns, code FROM file WHERE path = ? OR (path >= ? AND path < ?)",
        (root, below, below[:-1] + bytes([below[-1] + 1])),
    )
    # Members of archives below a folder are looked at when the archive is named.
    return {(row[1], row[2]): _Known(row[0], (row[3], row[4]), row[5]) for row in rows if not row[2] or row[1] == root}
