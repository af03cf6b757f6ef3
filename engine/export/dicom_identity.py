"""The source image's identity as valid DICOM elements; what had to be repaired is said, never passed over."""

from __future__ import annotations

import re
import uuid

from pydicom.dataset import Dataset

from engine.dicom.radiograph import Calibration, Radiograph
from engine.errors import ExportError

_UID = re.compile(r"[0-2](\.(0|[1-9]\d*))+")
_DATE = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?")


def derived_uid(*parts: str) -> str:
    """Return a UID that is the same for the same parts (PS3.5 B.2, from a name-based UUID)."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, '|'.join(parts)).int}"


def refusal(radiograph: Radiograph) -> ExportError | None:
    """Return why no DICOM object can refer to this image, None if one can."""
    if not radiograph.is_dicom:
        return ExportError(
            "NOT_DICOM_SOURCE",
            "a DICOM report cannot be made of a PNG or JPEG file, which belongs to no study",
            "choose text, json or pdf",
        )
    who = radiograph.identity
    if not (_valid_uid(who.sop_class_uid) and _valid_uid(who.sop_instance_uid)):
        return ExportError(
            "NO_VALID_UID",
            "the image's SOP class or instance UID is missing or invalid, so no DICOM report can refer to it",
            "choose text, json or pdf",
        )
    return None


def _valid_uid(value: str) -> bool:
    """Whether a UID obeys PS3.5 9.1 to the letter, which reading need not insist on but writing must."""
    return len(value) <= 64 and _UID.fullmatch(value) is not None


def source_dataset(radiograph: Radiograph) -> tuple[Dataset, list[str]]:
    """Return patient, study and image reference of the source, and one sentence for each value that had to be changed.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE`` or ``NO_VALID_UID``.
    """
    error = refusal(radiograph)
    if error is not None:
        raise error
    who, notes = radiograph.identity, list[str]()
    source = Dataset()
    source.SpecificCharacterSet = "ISO_IR 192"
    source.SOPClassUID, source.SOPInstanceUID = who.sop_class_uid, who.sop_instance_uid
    source.StudyInstanceUID = _uid(who.study_instance_uid, "study", radiograph, notes)
    source.SeriesInstanceUID = _uid(who.series_instance_uid, "series", radiograph, notes)
    source.PatientName = _name(who.patient_name, "patient's name", notes)
    source.PatientID = _text(who.patient_id, 64, "patient ID", notes)
    source.PatientBirthDate = _matching(who.patient_birth_date, _DATE, "birth date", notes)
    source.PatientSex = _sex(who.patient_sex, notes)
    source.StudyDate = _matching(who.study_date, _DATE, "study date", notes)
    source.StudyTime = _matching(who.study_time, _TIME, "study time", notes)
    source.StudyID = _text(who.study_id, 16, "study ID", notes)
    source.AccessionNumber = _text(who.accession_number, 16, "accession number", notes)
    source.ReferringPhysicianName = _name(who.referring_physician, "referring physician's name", notes)
    source.StudyDescription = _text(who.study_description, 64, "study description", notes)
    source.Rows, source.Columns = radiograph.rows, radiograph.columns
    _geometry(source, radiograph)
    return source, notes


def _geometry(source: Dataset, radiograph: Radiograph) -> None:
    """Describe a projection image only when its orientation and the spacing at the detector are both known."""
    spacing, orientation = radiograph.spacing, radiograph.acquisition.patient_orientation
    source.Modality = "OT"
    if len(orientation) == 2 and spacing.calibration is Calibration.DETECTOR and spacing.row_mm and spacing.column_mm:
        source.Modality = "CR"
        source.PatientOrientation = list(orientation)
        source.ImagerPixelSpacing = [spacing.row_mm, spacing.column_mm]


def _uid(value: str, what: str, radiograph: Radiograph, notes: list[str]) -> str:
    if _valid_uid(value):
        return value
    notes.append(f"The source has no valid {what} instance UID; one was derived from its SOP instance UID.")
    return derived_uid(what, radiograph.identity.sop_instance_uid)


def _text(value: str, limit: int, what: str, notes: list[str]) -> str:
    """Keep a value that fits its element; one that does not is left out, since a cut identifier could be another's."""
    if len(value) <= limit and "\\" not in value:
        return value
    notes.append(f"The source's {what} is not valid and is left empty here; it reads: {value[:200]}")
    return ""


def _matching(value: str, pattern: re.Pattern[str], what: str, notes: list[str]) -> str:
    if not value or pattern.fullmatch(value):
        return value
    notes.append(f"The source's {what} is not valid and is left empty here; it reads: {value[:200]}")
    return ""


def _sex(value: str, notes: list[str]) -> str:
    if value in ("", "M", "F", "O"):
        return value
    notes.append(f"The source's patient sex is not valid and is left empty here; it reads: {value[:200]}")
    return ""


def _name(value: str, what: str, notes: list[str]) -> str:
    """Keep a person name of at most three groups, each of at most five components and 64 characters (PS3.5 6.2)."""
    groups = value.replace("\\", " ").split("=")[:3]
    fitting = "=".join("^".join(group.split("^")[:5])[:64] for group in groups)
    if fitting != value:
        notes.append(f"The source's {what} is not a valid person name and was cut; it reads: {value[:200]}")
    return fitting
