"""The bytes of a file and the data set in them."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian

from engine.dicom.archive import read_member, split_member
from engine.dicom.limits import check_file_size
from engine.dicom.transfer_syntax import check_inflated_size
from engine.errors import ReadError

_UNDEFINED_LENGTH = 0xFFFFFFFF
_PIXEL_GROUP = 0x7FE0
_ELEMENT_HEAD = 8
"""Bytes of tag, VR and length."""

# The parser logs what it also warns of, quoting the header; the warnings are collected, patients' data not logged.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, or of a member of a ZIP archive (``study.zip/1.dcm``), after checking its size.

    Raises
    ------
    ReadError
        ``FILE_MISSING``, ``FILE_UNREADABLE``, ``FILE_EMPTY``, ``FILE_TOO_LARGE`` or, for a member, as
        `engine.dicom.archive.Archive`.
    """
    try:
        if not path.is_file():
            inside = split_member(path)
            if inside is not None:
                return read_member(*inside)
            missing = not path.exists()
            raise ReadError(
                "FILE_MISSING" if missing else "FILE_UNREADABLE",
                "there is no such file" if missing else "this is not a regular file",
                "check the path",
            )
        check_file_size(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise ReadError(
            "FILE_UNREADABLE",
            f"the file cannot be read ({error.strerror or error})",
            "check its permissions and the drive",
        ) from error


@contextmanager
def within_limits() -> Iterator[None]:
    """Turn exhaustion while a file is read into ``NESTING_TOO_DEEP`` or ``OUT_OF_MEMORY``."""
    try:
        yield
    except RecursionError as error:
        raise ReadError(
            "NESTING_TOO_DEEP",
            "the file nests its sequences too deeply to be read",
            "it is damaged or not to be trusted",
        ) from error
    except MemoryError as error:
        raise ReadError(
            "OUT_OF_MEMORY",
            "there is not enough memory to open the file",
            "close other images or programs and try again",
        ) from error


@contextmanager
def parsing() -> Iterator[None]:
    """Tell what the parser raises as ``NOT_DICOM`` or ``DICOM_DAMAGED`` of `ReadError`."""
    try:
        yield
    except (RecursionError, MemoryError):
        raise
    except InvalidDicomError as error:
        raise ReadError("NOT_DICOM", "the file is not a DICOM file", "open the image itself") from error
    except Exception as error:  # the parser raises whatever a broken file makes it raise
        raise ReadError(
            "DICOM_DAMAGED",
            f"the file begins as DICOM but cannot be parsed ({_reason(error)})",
            "copy or export it again",
        ) from error


def parse(content: bytes) -> FileDataset:
    """Return the data set of a file's bytes.

    Raises
    ------
    ReadError
        ``NOT_DICOM``, ``DICOM_DAMAGED``, ``DICOM_TRUNCATED`` or ``FILE_TOO_LARGE`` (once inflated).
    """
    check_inflated_size(content)
    with parsing():
        dataset = pydicom.dcmread(io.BytesIO(content), force=True)
    # The parser gives nothing at all, or a value cut short, when the file ends inside its last element.
    if len(dataset) == 0 or _is_cut_off(dataset, content):
        raise ReadError("DICOM_TRUNCATED", "the file ends in the middle of its data", "copy or export it again")
    return dataset


def _is_cut_off(dataset: FileDataset, content: bytes) -> bool:
    """Return whether the file ends inside an element; of pixels that is told where they are decoded."""
    raw = [element for element in dataset.values() if isinstance(element, RawDataElement)]
    whole = [element for element in raw if element.length != _UNDEFINED_LENGTH and element.tag.group != _PIXEL_GROUP]
    if any(element.value is not None and len(element.value) < element.length for element in whole):
        return True
    deflated = dataset.file_meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian
    if deflated or not whole or whole[-1].tag != max(dataset.keys()):
        return False
    # Fewer bytes than the head of an element has are passed over by the parser; zeros are what some pad files with.
    rest = content[whole[-1].value_tell + whole[-1].length :]
    return len(rest) < _ELEMENT_HEAD and any(rest)


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
