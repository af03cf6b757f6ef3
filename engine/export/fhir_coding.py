"""DICOM codes, dates, names and UIDs in FHIR's forms (R4)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from highdicom.sr import CodedConcept
from pydicom.sr.coding import Code
from pydicom.valuerep import PersonName

from engine.export.codes import PRIVATE_SCHEME
from engine.export.dicom_identity import derived_uid

SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "LN": "http://loinc.org",
    "UCUM": "http://unitsofmeasure.org",
    "RADLEX": "http://radlex.org",
    PRIVATE_SCHEME: f"urn:oid:{derived_uid('SAE-Rad workstation', PRIVATE_SCHEME)}",
}
"""Coding scheme designator → URI of the code system (FHIR R4, "Using Codes in Resources"; IHE IMR)."""

GENDERS = {"M": "male", "F": "female", "O": "other"}

Json = dict[str, Any]


def concept(code: Code | CodedConcept, text: str = "") -> Json:
    """Return a CodeableConcept."""
    coding = {"system": SYSTEMS[code.scheme_designator], "code": code.value, "display": code.meaning}
    return {"coding": [coding], "text": text or code.meaning}


def urn(*parts: str) -> str:
    """Return a ``urn:uuid:`` that is the same for the same parts."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, '|'.join(parts))}"


def iso_date(value: str) -> str | None:
    """Return a DICOM date (``20240102``) as FHIR writes it; None for what is no date."""
    try:
        return datetime.strptime(value, "%Y%m%d").date().isoformat()
    except ValueError:
        return None


def iso_time(day: str, time: str) -> str | None:
    """Return date, and time where it is known, as a dateTime; DICOM's times carry no zone, so it is the local one."""
    known = iso_date(day)
    if known is None or len(time) < 6 or not time[:6].isdigit():
        return known
    try:
        return datetime.strptime(day + time[:6], "%Y%m%d%H%M%S").astimezone().isoformat()
    except ValueError:
        return known


def now() -> str:
    """Return the present moment as an instant with its zone."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def human_names(value: str) -> list[Json]:
    """Return the groups of a person name (alphabetic, ideographic, phonetic) as HumanName each."""
    name = PersonName(value)
    found: list[Json] = []
    for group in (name.alphabetic, name.ideographic, name.phonetic):
        if not group:
            continue
        family, given, middle, prefix, suffix = (*group.split("^"), *[""] * 5)[:5]
        parts: Json = {"text": " ".join(p for p in (prefix, given, middle, family, suffix) if p)}
        parts |= {"family": family} if family else {}
        parts |= {"given": [g for g in (given, middle) if g]} if given or middle else {}
        parts |= {"prefix": [prefix]} if prefix else {}
        parts |= {"suffix": [suffix]} if suffix else {}
        found.append(parts)
    return found
