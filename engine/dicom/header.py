"""Whose image it is and how it was taken, from its header."""

from __future__ import annotations

import re

from pydicom import uid

from engine.dicom.elements import Elements
from engine.dicom.pixel_description import PixelDescription
from engine.dicom.radiograph import Acquisition, Identity

_UID = re.compile(r"[0-9.]{1,64}")

# Codes of CID 4010 (DX View), SNOMED CT and the older SNOMED RT, as the defined terms of View Position.
_VIEW_CODES = {
    "399348003": "AP",
    "R-10206": "AP",
    "272479007": "PA",
    "R-40888": "PA",
    "R-10214": "PA",
    "399173006": "LL",
    "R-10236": "LL",
    "399198007": "RL",
    "R-10232": "RL",
    "399067008": "LATERAL",
    "R-102CD": "LATERAL",
    "399135007": "LAO",
    "R-10220": "LAO",
    "399356000": "RAO",
    "R-40985": "RAO",
    "399006002": "LPO",
    "R-10212": "LPO",
    "399038007": "RPO",
    "R-10210": "RPO",
}

# Always lossy, whatever the header says.
_LOSSY = frozenset({uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLSNearLossless})

_REASONS = (
    "ReasonForTheRequestedProcedure",
    "ReasonForRequestedProcedureCodeSequence",
    "ReasonForPerformedProcedureCodeSequence",
    "ReasonForVisit",
    "ReasonForVisitCodeSequence",
    "ReasonForStudy",
)
_CONTEXT = (("AdmittingDiagnosesDescription", "AdmittingDiagnosesCodeSequence"), ("AdditionalPatientHistory",))
_PROCEDURE = ("RequestedProcedureDescription", "StudyDescription")


def is_uid(text: str) -> bool:
    """Whether text is a UID: digits and dots, at most 64 characters (PS3.5 9.1), so also safe as a file name."""
    return bool(_UID.fullmatch(text)) and not text.startswith(".") and ".." not in text


def read_identity(header: Elements, sop_instance_uid: str) -> Identity:
    """Return the identity of an image.

    Person names keep the DICOM form, components separated by ``^`` and groups by ``=``, decoded to Unicode.
    """
    text = header.text
    return Identity(
        sop_instance_uid=sop_instance_uid,
        sop_class_uid=text("SOPClassUID"),
        study_instance_uid=text("StudyInstanceUID"),
        series_instance_uid=text("SeriesInstanceUID"),
        patient_id=text("PatientID"),
        patient_name=text("PatientName"),
        patient_birth_date=text("PatientBirthDate"),
        patient_sex=text("PatientSex"),
        patient_age=text("PatientAge"),
        accession_number=text("AccessionNumber"),
        study_id=text("StudyID"),
        study_date=text("StudyDate"),
        study_time=text("StudyTime"),
        study_description=text("StudyDescription"),
        series_description=text("SeriesDescription"),
        series_number=text("SeriesNumber"),
        instance_number=text("InstanceNumber"),
        modality=text("Modality"),
        manufacturer=text("Manufacturer"),
        institution=text("InstitutionName"),
        referring_physician=text("ReferringPhysicianName"),
        patient_id_issuer=text("IssuerOfPatientID"),
        view_position=view_position(header),
    )


def read_acquisition(header: Elements, pixels: PixelDescription, syntax: str) -> Acquisition:
    """Return how the image was taken."""
    return Acquisition(
        body_part=header.text("BodyPartExamined").upper() or _code_meaning(header, "AnatomicRegionSequence").upper(),
        view_position=view_position(header),
        image_laterality=(header.text("ImageLaterality") or header.text("Laterality")).upper(),
        patient_orientation=tuple(part.upper() for part in header.texts("PatientOrientation") if part),
        photometric=pixels.photometric,
        bits_stored=pixels.bits_stored,
        transfer_syntax_uid=syntax,
        lossy=header.text("LossyImageCompression") == "01" or syntax in _LOSSY,
        lossy_ratios=tuple(ratio for ratio in header.numbers("LossyImageCompressionRatio") if ratio > 0),
        lossy_methods=tuple(method for method in header.texts("LossyImageCompressionMethod") if method),
        burned_in_annotation=header.text("BurnedInAnnotation").upper(),
        indication=_indication(header),
        procedure=_first(header, _PROCEDURE),
    )


def view_position(header: Elements) -> str:
    """Return View Position, or what the View Code Sequence says in its terms."""
    position = header.text("ViewPosition").upper()
    if position:
        return position
    for item in header.items("ViewCodeSequence"):
        return _VIEW_CODES.get(item.text("CodeValue")) or item.text("CodeMeaning").upper()
    return ""


def _indication(header: Elements) -> str:
    """Return why the image was asked for: the reason, then diagnoses and history; each part once, as given."""
    parts = [_first(header, keywords) for keywords in (_REASONS, *_CONTEXT)]
    return "; ".join(dict.fromkeys(filter(None, parts)))


def _first(header: Elements, keywords: tuple[str, ...]) -> str:
    """Return the first text of several elements, or the meanings of coded ones, here or in the request's items."""
    for keyword in keywords:
        for part in (header, *header.items("RequestAttributesSequence")):
            if keyword.endswith("Sequence"):
                text = ", ".join(filter(None, (item.text("CodeMeaning") for item in part.items(keyword))))
            else:
                text = part.text(keyword)
            if text:
                return text
    return ""


def _code_meaning(header: Elements, sequence: str) -> str:
    return next((item.text("CodeMeaning") for item in header.items(sequence)), "")
