"""The files that may be images, with the size and time that tell whether they were changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.dicom.archive import Archive, split_member
from engine.dicom.dicomdir import is_dicomdir, linked_files
from engine.dicom.folders import head_of, image_members, search_folder, worth_opening
from engine.dicom.limits import check_file_size
from engine.dicom.parse import read_bytes
from engine.dicom.recognise import Kind, recognise
from engine.errors import ReadError

Known = Callable[[Path, os.stat_result], bool | None]
"""Whether a file of this size and time is an image, None if it has to be looked at."""


@dataclass(frozen=True)
class Source:
    """A file, or a member of an archive, that may be an image.

    Attributes
    ----------
    path : Path
        Absolute; of the archive for a member.
    member : str
        Path in the archive, empty for a file.
    size : int
        Bytes of the file or the member.
    stamp : tuple of int
        Size in bytes and time of change in nanoseconds of the file or the archive: another one means another content.
    """

    path: Path
    member: str
    size: int
    stamp: tuple[int, int]
    archive: Archive | None = None

    @property
    def image(self) -> Path:
        """The path by which `engine.dicom.files.read_radiograph` opens it."""
        return self.path / self.member if self.member else self.path

    def head(self, count: int) -> bytes:
        """Return its first bytes."""
        if self.archive is not None:
            return self.archive.head(self.member, count)
        check_file_size(self.size)
        try:
            with self.path.open("rb") as file:
                return file.read(count)
        except OSError as error:
            raise ReadError("FILE_UNREADABLE", f"the file cannot be read ({error.strerror})", "check it") from error

    def read(self) -> bytes:
        """Return its content."""
        return read_bytes(self.path) if self.archive is None else self.archive.read(self.member)


@contextmanager
def source_of(image: Path) -> Iterator[Source]:
    """Return one image as a source, open as long as the context is."""
    inside = split_member(image)
    if inside is None:
        status = image.stat()
        yield Source(image, "", status.st_size, stamp_of(status))
        return
    path, name = inside
    with Archive(path) as archive:
        if name not in archive.members:
            raise ReadError("FILE_MISSING", "the archive holds no such file", "open the archive again")
        yield Source(path, name, archive.members[name].file_size, stamp_of(path.stat()), archive)


def stamp_of(status: os.stat_result) -> tuple[int, int]:
    """Return what tells a changed file from an unchanged one."""
    return status.st_size, status.st_mtime_ns


def sources_in(path: Path, known: Known) -> Iterator[Source]:
    """Yield what may be an image in a folder, a DICOMDIR, an archive that is to be read, or the file itself.

    Raises
    ------
    ReadError
        As `engine.dicom.files.find_images`.
    """
    if path.is_dir():
        for file in search_folder(path, lambda file: _worth_reading(file, known)):
            yield from _file(file)
        return
    head = head_of(path)
    if is_dicomdir(head):
        for file in linked_files(path):
            yield from _file(file)
    elif is_archive(head):
        with Archive(path) as archive:
            stamp = stamp_of(path.stat())
            for name in image_members(archive):
                yield Source(path, name, archive.members[name].file_size, stamp, archive)
    else:
        yield from _file(path)


def is_archive(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a ZIP archive."""
    return recognise(head)[0] is Kind.ZIP


def _worth_reading(file: Path, known: Known) -> bool:
    answer = known(file, file.stat())
    return worth_opening(file, head_of(file)) if answer is None else answer


def _file(path: Path) -> Iterator[Source]:
    """Yield a file; nothing where it vanished meanwhile or was never there."""
    try:
        status = path.stat()
    except OSError:
        return
    yield Source(path, "", status.st_size, stamp_of(status))
