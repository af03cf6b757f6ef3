"""The report as an HL7 version 2.5.1 message (ORU^R01), preliminary, a line of plain text in each OBX.

Sending and receiving application and facility (MSH-3 to MSH-6) are for the interface engine that sends it to fill in.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

from pydicom.valuerep import PersonName

from engine.dicom.radiograph import Radiograph
from engine.export.atomic import write_atomic
from engine.export.basis import indication_rows
from engine.export.fhir_coding import iso_date
from engine.export.identity import (
    cited,
    composing_rows,
    confirmation_rows,
    image_rows,
    one_line,
    software_version,
    status_line,
)
from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from engine.report.phrases import phrases_of
from engine.report.wording import notices_of

STUDY = "18748-4^Diagnostic imaging study^LN"
INDICATION = "18785-6^Reason for study^LN"
FINDINGS = "59776-5^Procedure findings^LN"
IMPRESSION = "19005-8^Imaging study impression^LN"
STUDY_UID = "113014^DICOM Study^DCM"
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
"""HL7 version 2, chapter 2.7: what stands for the delimiters in a text."""

_SEXES = ("M", "F", "O")
_PRELIMINARY = "P"


def write_oru(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``report.hl7`` (UTF-8, segments ended by a carriage return).

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``.
    """
    return write_atomic(
        folder / "report.hl7", oru_message(radiograph, analysis, draft).encode("utf-8", errors="replace")
    )


def oru_message(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> str:
    """Return the message: MSH, PID, OBR, and an OBX for each line; preliminary whatever became of the draft."""
    now = datetime.now().astimezone().strftime("%Y%m%d%H%M%S%z")
    segments = [_header(now), _patient(radiograph), _request(radiograph, now)]
    uid = radiograph.identity.study_instance_uid
    if uid:
        segments.append(_line(1, "ST", STUDY_UID, uid))
    # Several images of a study may have a message each, and nothing else in it says which one this is about.
    image = [("SOP Instance UID", analysis.sop_instance_uid), *image_rows(radiograph, phrases_of(draft.language))]
    texts = [*((FINDINGS, f"{label}: {value}") for label, value in image), *_texts(analysis, draft)]
    for name, text in texts:
        segments.append(_line(len(segments) - 2, "TX", name, escaped(text)))
    return "".join(f"{segment}\r" for segment in segments)


def escaped(text: str) -> str:
    """Return a text as one line in which nothing is a delimiter."""
    return "".join(_ESCAPES.get(letter, letter) for letter in one_line(text))


def _texts(analysis: Analysis, draft: Draft) -> list[tuple[str, str]]:
    """Return (code, line): status first and last, what was asked, findings, impression."""
    notices, say = notices_of(draft), phrases_of(draft.language)
    rows = [*composing_rows(draft), *confirmation_rows(draft)]
    lines = [(FINDINGS, status_line(draft)), *((FINDINGS, f"{label}: {value}") for label, value in rows)]
    lines += [(INDICATION, f"{label}: {value}") for label, value in indication_rows(draft, analysis)]
    for section in draft.sections:
        name = IMPRESSION if section.name == "impression" else FINDINGS
        if notice := notices.notice(section):
            lines.append((name, f"{section.title}: {notice}"))
        lines += [(name, cited(section.title, one, say)) for one in section.sentences if one.state != "removed"]
    return [*lines, (FINDINGS, status_line(draft))]


def _header(now: str) -> str:
    # T, training: nothing that a research program says is for routine care.
    kind = ["ORU^R01^ORU_R01", uuid.uuid4().hex[:20], "T", "2.5.1"]
    return "|".join(
        ["MSH", "^~\\&", f"SAE-Rad {software_version()}", "", "", "", now, "", *kind, *[""] * 5, "UNICODE UTF-8"]
    )


def _patient(radiograph: Radiograph) -> str:
    who = radiograph.identity
    ident = escaped(who.patient_id) + (f"^^^{escaped(who.patient_id_issuer)}" if who.patient_id_issuer else "")
    born = who.patient_birth_date if iso_date(who.patient_birth_date) else ""
    sex = who.patient_sex if who.patient_sex in _SEXES else ""
    return "|".join(["PID", "1", "", ident, "", _name(who.patient_name), "", born, sex])


def _name(value: str) -> str:
    """Return a DICOM person name as XPN: there the suffix stands before the prefix."""
    name = PersonName(value)
    parts = (name.family_name, name.given_name, name.middle_name, name.name_suffix, name.name_prefix)
    return "^".join(escaped(part) for part in parts).rstrip("^")


def _request(radiograph: Radiograph, now: str) -> str:
    who = radiograph.identity
    taken = who.study_date if iso_date(who.study_date) else ""
    time = who.study_time[:6]
    taken += time if taken and len(time) == 6 and time.isdigit() else ""
    fields = {1: "1", 3: escaped(who.accession_number), 4: STUDY, 7: taken, 22: now, 24: "RAD", 25: _PRELIMINARY}
    return "|".join(["OBR", *(fields.get(number, "") for number in range(1, 26))])


def _line(number: int, kind: str, name: str, value: str) -> str:
    return "|".join(["OBX", str(number), kind, name, str(number), value, "", "", "", "", "", _PRELIMINARY])
