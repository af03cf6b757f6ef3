"""Find the result objects of files and folders, and the images that they refer to."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pydicom

from engine.dicom.archive import split_member
from engine.dicom.elements import Elements
from engine.dicom.folders import find_images, head_of
from engine.dicom.parse import parse, parsing, read_bytes, within_limits
from engine.dicom.recognise import Kind, recognise
from engine.errors import ReadError
from engine.readback.objects import ResultObject
from engine.readback.read import kind_of, read_result

_KEYS = ["SOPClassUID", "SOPInstanceUID", "SpecificCharacterSet"]


@dataclass(frozen=True)
class Unread:
    """A file that could not be read, with the code, the message and the hint of its error."""

    path: Path
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Found:
    """What files and folders hold.

    Attributes
    ----------
    results : tuple of ResultObject
        In the order of the files.
    images : mapping of str to Path
        All other DICOM objects by SOP Instance UID, images above all.
    failures : tuple of Unread
        Result objects, or files that may be ones, that cannot be read.
    """

    results: tuple[ResultObject, ...]
    images: Mapping[str, Path]
    failures: tuple[Unread, ...]

    def missing(self, result: ResultObject) -> tuple[str, ...]:
        """Return the UIDs of the images that an object refers to and that are not there."""
        return tuple(uid for uid in result.images if uid not in self.images)


def find_results(paths: Iterable[Path]) -> Found:
    """Read every result object in files, folders, ZIP archives and tables of contents.

    Raises
    ------
    ReadError
        As `engine.dicom.folders.find_images`.
    """
    results: list[ResultObject] = []
    images: dict[str, Path] = {}
    failures: list[Unread] = []
    for path in find_images(paths):
        try:
            sop_class, uid = class_and_uid(path)
            if kind_of(sop_class):
                results.append(read_result(path))
            elif uid:
                images[uid] = path
        except ReadError as error:
            failures.append(Unread(path, error.code, error.message, error.hint))
    return Found(tuple(results), images, tuple(failures))


def class_and_uid(path: Path) -> tuple[str, str]:
    """Return SOP Class and SOP Instance UID of a file, both empty for one that is not DICOM.

    Raises
    ------
    ReadError
        Those of reading any DICOM file.
    """
    inside = split_member(path) is not None and not path.is_file()
    if not inside and recognise(head_of(path))[0] not in (Kind.DICOM, Kind.HEADLESS):
        return "", ""
    with within_limits(), python_warnings.catch_warnings():
        # What is odd about the file is told when it is read as a whole.
        python_warnings.simplefilter("ignore")
        header = Elements(parse(read_bytes(path)) if inside else _beginning(path))
        return header.text("SOPClassUID"), header.text("SOPInstanceUID")


def _beginning(path: Path) -> pydicom.Dataset:
    with parsing():
        return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_KEYS, force=True)
