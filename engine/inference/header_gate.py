"""What a DICOM header alone can say against an image: other modality, other body part, lateral view, child."""

from __future__ import annotations

import datetime
import re

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import GateVerdict
from engine.inference.gate import SUITABLE, combine, refused, warning

# PS3.3 C.7.3.1.1.1; OT and SC say nothing about the origin, RG and DR are older names.
_RADIOGRAPHY = {"", "CR", "DX", "DR", "RG", "OT", "SC"}
_OTHER_XRAY = {"MG", "PX", "IO", "BMD", "DXA"}
# PS3.4 B.5: computed radiography, digital X-ray (presentation, processing), secondary capture and its multi-frame
# forms.
_SOP_CLASSES = {
    "",
    "1.2.840.10008.5.1.4.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.7.1",
    "1.2.840.10008.5.1.4.1.1.7.2",
    "1.2.840.10008.5.1.4.1.1.7.3",
    "1.2.840.10008.5.1.4.1.1.7.4",
}
_OTHER_XRAY_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.1.2",  # mammography, presentation and processing
    "1.2.840.10008.5.1.4.1.1.1.3",  # intra-oral
)
_CHEST_WORDS = ("CHEST", "THORA", "LUNG", "TORAX", "POUMON", "HEART")
_UNTOLD_PARTS = {"", "UNKNOWN", "UNSPECIFIED", "OTHER", "NONE", "NA", "N/A", "WHOLEBODY", "DEFAULT"}
_LATERAL_VIEWS = {"LL", "RL", "LATERAL", "LAT", "LEFT LATERAL", "RIGHT LATERAL", "L LAT", "R LAT", "ML", "LM"}
_OBLIQUE_VIEWS = {"RAO", "LAO", "RPO", "LPO", "RLO", "LLO", "OBL", "OBLIQUE"}
_DECUBITUS_VIEWS = {"RLD", "LLD"}
_ADULT_YEARS = 18
_OLDEST_YEARS = 120


def header_verdict(radiograph: Radiograph) -> GateVerdict:
    """Judge an image by its header; a tag that is absent says nothing."""
    if not radiograph.is_dicom:
        return SUITABLE
    return combine([check(radiograph) for check in (_kind, _body_part, _view, _age)])


def may_be_no_chest(radiograph: Radiograph, verdict: GateVerdict) -> bool:
    """Whether a refused view may be that of another body part: the header names none, so the pixels have to say.

    Of a leg nobody is to be told to open the frontal view.
    """
    return verdict.code == "LATERAL_VIEW" and not _says_chest(radiograph.acquisition.body_part.upper())


def may_be_chest(part: str) -> bool:
    """Whether Body Part Examined names the chest, or nothing."""
    part = part.upper().strip()
    return part in _UNTOLD_PARTS or _says_chest(part)


def _says_chest(part: str) -> bool:
    return any(word in part for word in _CHEST_WORDS)


def _kind(radiograph: Radiograph) -> GateVerdict:
    modality, sop_class = radiograph.identity.modality.upper(), radiograph.identity.sop_class_uid
    if modality in _OTHER_XRAY:
        return refused("NOT_A_CHEST", f"the header says the modality is {modality}, not CR or DX")
    if sop_class.startswith(_OTHER_XRAY_CLASSES):
        return refused("NOT_A_CHEST", f"the header's SOP class {sop_class} is that of a dental or breast image")
    if modality not in _RADIOGRAPHY:
        return refused("NOT_A_RADIOGRAPH", f"the header says the modality is {modality}, not CR or DX")
    if sop_class not in _SOP_CLASSES:
        return refused("NOT_A_RADIOGRAPH", f"the header's SOP class {sop_class} is not a projection radiograph")
    return SUITABLE


def _body_part(radiograph: Radiograph) -> GateVerdict:
    part = radiograph.acquisition.body_part.upper().strip()
    if may_be_chest(part):
        return SUITABLE
    return refused("NOT_A_CHEST", f"the header says the body part is {part}")


def _view(radiograph: Radiograph) -> GateVerdict:
    view = " ".join(re.split(r"[\s_\-]+", radiograph.acquisition.view_position.upper().strip()))
    if view in _LATERAL_VIEWS:
        return refused("LATERAL_VIEW", f"the header says the view is lateral ({view}); only frontal views are analysed")
    if view in _OBLIQUE_VIEWS:
        return refused("LATERAL_VIEW", f"the header says the view is oblique ({view}); only frontal views are analysed")
    if view in _DECUBITUS_VIEWS:
        return warning("DECUBITUS_VIEW", f"the patient lay on one side ({view}); fluid and air move with that")
    # PS3.3 C.7.6.1.1.1: the rows of a frontal view run to the patient's left or right, never to the front or back.
    rows = radiograph.acquisition.patient_orientation[:1]
    if not view and rows and rows[0][:1].upper() in ("A", "P"):
        return refused("LATERAL_VIEW", "the header's patient orientation is that of a lateral view")
    words = set(re.findall(r"[A-Z]+", radiograph.identity.series_description.upper()))
    if not view and words & {"LAT", "LATERAL"} and not words & {"PA", "AP", "DECUB", "DECUBITUS"}:
        return refused("LATERAL_VIEW", "the series description says the view is lateral")
    return SUITABLE


def _age(radiograph: Radiograph) -> GateVerdict:
    """Refuse a child; the dates count where the header states no age, or 0 years, which devices write for unknown."""
    identity = radiograph.identity
    stated, told = _stated_years(identity.patient_age), identity.patient_age.strip()
    if not stated:
        dated = _years_between(identity.patient_birth_date, identity.study_date)
        if dated is not None:
            stated, told = float(dated), "birth and study date"
    if stated is None or stated >= _ADULT_YEARS:
        return SUITABLE
    return refused("CHILD", f"the header says the patient is under {_ADULT_YEARS} years old ({told}), not an adult")


def _stated_years(age: str) -> float | None:
    """Read an age string (PS3.5 6.2, VR AS); None when it is none, or no age that a person reaches."""
    match = re.fullmatch(r"\s*(\d{1,3})([DWMY])\s*", age.upper())
    if match is None:
        return None
    years = int(match[1]) / {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}[match[2]]
    return years if years <= _OLDEST_YEARS else None


def _years_between(birth: str, study: str) -> int | None:
    """Completed years from birth to study; None unless both are dates that leave an age a person reaches."""
    born, seen = _date(birth), _date(study)
    if born is None or seen is None or seen < born:
        return None
    years = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
    return years if years <= _OLDEST_YEARS else None


def _date(text: str) -> datetime.date | None:
    """Read a DICOM date, also in the older form with dots (PS3.5 6.2, VR DA); None for anything else."""
    match = re.fullmatch(r"\s*(\d{4})(\.?)(\d{2})\2(\d{2})\s*", text, re.ASCII)
    if match is None:
        return None
    try:
        return datetime.date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return None
