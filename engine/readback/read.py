"""Read one result object: SR, GSPS or SEG; everything else is refused by what it is."""

from __future__ import annotations

import warnings as python_warnings
from pathlib import Path

from pydicom.uid import UID

from engine.dicom.elements import Elements
from engine.dicom.files import not_dicom
from engine.dicom.header import is_uid
from engine.dicom.parse import parse, read_bytes, within_limits
from engine.dicom.plain_words import plain_words
from engine.dicom.recognise import HEAD_BYTES, Kind, recognise
from engine.errors import ReadError
from engine.readback.objects import Content, ResultObject
from engine.readback.provenance import read_provenance, referred_images
from engine.readback.read_presentation import read_presentation
from engine.readback.read_report import read_report
from engine.readback.read_segments import read_segmentation

_PRESENTATION, _SEGMENTATION = "1.2.840.10008.5.1.4.1.1.11.1", "1.2.840.10008.5.1.4.1.1.66.4"
_REPORTS = "1.2.840.10008.5.1.4.1.1.88."


def kind_of(sop_class_uid: str) -> str:
    """Return ``SR``, ``GSPS`` or ``SEG`` for a class that is read, else an empty text; a Key Object is an SR."""
    if sop_class_uid.startswith(_REPORTS):
        return "SR"
    return {_PRESENTATION: "GSPS", _SEGMENTATION: "SEG"}.get(sop_class_uid, "")


def read_result(path: Path) -> ResultObject:
    """Read a structured report, grayscale presentation state or segmentation of any make.

    Call it from one thread at a time, as `engine.dicom.files.read_radiograph`. Frames of a segmentation are decoded
    later, when they are asked for.

    Raises
    ------
    ReadError
        ``NOT_A_RESULT``, ``RESULT_DAMAGED``, ``RESULT_TOO_LARGE``, and those of reading any DICOM file.
    """
    content = read_bytes(path)
    kind, name = recognise(content[:HEAD_BYTES])
    if kind not in (Kind.DICOM, Kind.HEADLESS):
        raise not_dicom(kind, name)
    with within_limits(), python_warnings.catch_warnings(record=True) as caught:
        python_warnings.simplefilter("always")
        header = Elements(parse(content))
        found = _content(header)
        kind_name = kind_of(header.text("SOPClassUID"))
        if not is_uid(header.text("SOPInstanceUID")):
            raise ReadError("RESULT_DAMAGED", "the result object has no proper SOP Instance UID", "export it again")
        provenance, images = read_provenance(header, kind_name), referred_images(header, found)
    for sentence in plain_words(str(warning.message) for warning in caught):
        header.warn(sentence)
    return ResultObject(path, provenance, found, images, tuple(header.warnings))


def _content(header: Elements) -> Content:
    sop_class = header.text("SOPClassUID")
    match kind_of(sop_class):
        case "SR":
            return read_report(header)
        case "GSPS":
            return read_presentation(header)
        case "SEG":
            return read_segmentation(header)
    name = UID(sop_class).name.removesuffix(" Storage") if sop_class else "of no known class"
    raise ReadError(
        "NOT_A_RESULT",
        f"the DICOM object ({name}) is no structured report, grayscale presentation state or segmentation",
        "only those are read back",
    )
