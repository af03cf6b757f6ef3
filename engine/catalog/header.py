"""What the index keeps of one image, read from the beginning of its file."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag

from engine.catalog.plain_text import PlainText
from engine.catalog.sources import Source, source_of
from engine.dicom.elements import Elements
from engine.dicom.files import not_dicom
from engine.dicom.header import read_identity, view_position
from engine.dicom.names import readable_name
from engine.dicom.objects import refuse_other_objects
from engine.dicom.parse import within_limits
from engine.dicom.radiograph import Identity
from engine.dicom.recognise import HEAD_BYTES, Kind, recognise
from engine.dicom.transfer_syntax import check_inflated_size
from engine.errors import ReadError
from engine.plugins.readers import has_reader

# Radiographs have their header in far less; what is longer is read whole.
PREFIX_BYTES = 64 << 10
_COLUMNS = 0x00280011


@dataclass(frozen=True)
class Entry:
    """An image with patient, study and series as its header says (empty when absent, numbers None).

    Attributes
    ----------
    patient_key : str
        Equal for images of one patient only; see `patient_key`.
    identified : bool
        False for pictures without a DICOM header, whose "patient" is the folder they lie in.
    """

    patient_key: str
    identified: bool
    patient_id: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""
    study_uid: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    accession: str = ""
    series_uid: str = ""
    series_number: int | None = None
    modality: str = ""
    series_description: str = ""
    body_part: str = ""
    uid: str = ""
    number: int | None = None
    view: str = ""
    laterality: str = ""


def read_entry(source: Source) -> Entry:
    """Return what the index keeps of an image; its pixels are not read.

    Raises
    ------
    ReadError
        When it is no image or cannot be read.
    """
    head = source.head(PREFIX_BYTES)
    kind, name = recognise(head[:HEAD_BYTES])
    if kind is Kind.PICTURE or (kind is Kind.OTHER and has_reader(source.image)):
        folder = source.path if source.member else source.path.parent
        return Entry(f"folder\n{folder}", identified=False, name=folder.name)
    if kind not in (Kind.DICOM, Kind.HEADLESS):
        raise not_dicom(kind, name)
    with within_limits():
        return _entry(_header(source, head))


def read_header(image: Path) -> Identity | None:
    """Return the identity of a DICOM image without reading its pixels, None for other files; raises `ReadError`."""
    with source_of(image) as source, within_limits(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        head = source.head(PREFIX_BYTES)
        kind, _ = recognise(head[:HEAD_BYTES])
        if kind is Kind.PICTURE or (kind is Kind.OTHER and has_reader(image)):
            return None
        header = _header(source, head)
        return read_identity(header, header.text("SOPInstanceUID"))


def patient_key(patient_id: str, issuer: str, name: str, birth_date: str, study_uid: str) -> str:
    """Return what tells patients apart: equal names alone never make one patient of two.

    ID, its issuer, birth date and name (without regard to case) must all agree. Without an ID nothing is known of other
    studies, so that each study is a patient of its own.
    """
    spelt = "^".join(part.strip() for part in name.casefold().split("^")).rstrip("^")
    return "\n".join((patient_id, issuer, birth_date, spelt, "" if patient_id else study_uid))


def _header(source: Source, head: bytes) -> Elements:
    try:
        header = PlainText(_beginning(head))
        if "Rows" in header or len(head) >= source.size:
            return header
    except (RecursionError, MemoryError):
        raise
    except Exception:  # whatever the parser raises at the cut; the whole file tells whether it is damaged
        if len(head) >= source.size:
            raise ReadError("DICOM_DAMAGED", "the file cannot be parsed", "copy or export it again") from None
    whole = source.read()
    check_inflated_size(whole)
    try:
        return PlainText(_beginning(whole))
    except (RecursionError, MemoryError):
        raise
    except Exception as error:  # the parser raises whatever a broken file makes it raise
        raise ReadError("DICOM_DAMAGED", "the file cannot be parsed", "copy or export it again") from error


def _beginning(content: bytes) -> Dataset:
    """Return the elements before the pixels and what describes them."""
    return read_partial(io.BytesIO(content), _past_columns, force=True)


def _past_columns(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return int(tag) > _COLUMNS


def _entry(header: Elements) -> Entry:
    refuse_other_objects(header)
    if "Rows" not in header:
        raise ReadError("HEADER_INCOMPLETE", "the header ends before it says Rows", "copy or export the image again")
    text = header.text
    patient_id, name, birth_date = text("PatientID"), text("PatientName"), text("PatientBirthDate")
    study_uid = text("StudyInstanceUID")
    return Entry(
        patient_key=patient_key(patient_id, text("IssuerOfPatientID"), name, birth_date, study_uid),
        identified=True,
        patient_id=patient_id,
        name=readable_name(name),
        birth_date=birth_date,
        sex=text("PatientSex"),
        study_uid=study_uid,
        study_date=text("StudyDate"),
        study_time=text("StudyTime"),
        study_description=text("StudyDescription"),
        accession=text("AccessionNumber"),
        series_uid=text("SeriesInstanceUID"),
        series_number=header.integer("SeriesNumber"),
        modality=text("Modality"),
        series_description=text("SeriesDescription"),
        body_part=text("BodyPartExamined"),
        uid=text("SOPInstanceUID"),
        number=header.integer("InstanceNumber"),
        view=view_position(header),
        laterality=text("ImageLaterality") or text("Laterality"),
    )
