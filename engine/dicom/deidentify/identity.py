"""Whose data set it is, and the words by which a person could tell."""

from __future__ import annotations

import re
from typing import Any

from pydicom.dataset import Dataset

from engine.dicom.elements import Elements

MIN_WORD = 4
"""Shorter words, such as initials and running numbers, also stand for other things."""
_NAMES = ("PatientName", "OtherPatientNames", "PatientBirthName", "ReferringPhysicianName", "OperatorsName")
_NUMBERS = ("PatientID", "OtherPatientIDs", "AccessionNumber", "AdmissionID", "StudyID")


def patient_key(dataset: Dataset) -> tuple[str, ...]:
    """Return what tells this patient from others: issuer and ID, else name and birth date, else the study."""
    header = Elements(dataset)
    if number := header.text("PatientID"):
        return ("id", header.text("IssuerOfPatientID"), number)
    name, born = header.text("PatientName"), header.text("PatientBirthDate")
    if name:
        return ("name", name, born)
    return ("study", header.text("StudyInstanceUID") or header.text("SOPInstanceUID"))


def identifying_words(dataset: Dataset) -> re.Pattern[str] | None:
    """Return a pattern that finds the data set's own names and numbers as whole words; None if it has none."""
    header = Elements(dataset)
    words = {part for key in _NAMES for part in re.split(r"[\s^=\\,]+", header.text(key))}
    words |= {part for key in _NUMBERS for part in header.text(key).split("\\")}
    long = sorted(re.escape(word.strip()) for word in words if len(word.strip()) >= MIN_WORD)
    return re.compile(rf"(?<!\w)(?:{'|'.join(long)})(?!\w)", re.IGNORECASE) if long else None


def names_them(value: Any, words: re.Pattern[str] | None) -> bool:
    """Whether a text, or one of several, has one of the words."""
    if words is None or value is None:
        return False
    return any(words.search(str(one)) for one in ([value] if isinstance(value, str) else value))
