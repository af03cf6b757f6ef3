"""What is asked for and what is found, the same for DIMSE and DICOMweb (study root, PS3.4 C.6.2)."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydicom.dataset import Dataset

from engine.dicom.elements import Elements
from engine.dicom.header import is_uid
from engine.errors import UsageError
from engine.network.limits import MAX_MATCHES

Level = Literal["study", "series", "image"]
LEVELS: tuple[Level, ...] = get_args(Level)

KEYS: dict[str, str] = {
    "patient_id": "PatientID",
    "name": "PatientName",
    "accession": "AccessionNumber",
    "date": "StudyDate",
    "modality": "ModalitiesInStudy",
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
    "image": "SOPInstanceUID",
}
"""What can be asked for → the attribute's keyword."""

RETURNED: dict[Level, tuple[str, ...]] = {
    "study": (
        "StudyInstanceUID", "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
        "StudyDescription", "AccessionNumber", "ModalitiesInStudy", "NumberOfStudyRelatedInstances",
    ),
    "series": (
        "StudyInstanceUID", "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription",
        "NumberOfSeriesRelatedInstances",
    ),
    "image": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}  # fmt: skip
"""Attributes asked of a node at each level."""

UIDS: dict[Level, str] = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID", "image": "SOPInstanceUID"}
"""What a match of each level is named by."""

_DATE = re.compile(r"\d{8}|\d{8}-(\d{8})?|-\d{8}")
_NEEDED: dict[Level, tuple[str, ...]] = {"study": (), "series": ("study",), "image": ("study", "series")}


@dataclass(frozen=True)
class Query:
    r"""A question to a node.

    Attributes
    ----------
    level : str
        ``study``, ``series`` (needs the key ``study``) or ``image`` (needs ``study`` and ``series``).
    keys : dict
        Of `KEYS`; ``*`` and ``?`` match any characters, ``date`` is ``YYYYMMDD`` or a range ``YYYYMMDD-YYYYMMDD``.
    limit : int
        No more than so many matches are taken.

    Raises
    ------
    UsageError
        ``QUERY_KEYS``.
    """

    level: Level = "study"
    keys: dict[str, str] = field(default_factory=dict)
    limit: int = 200

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise UsageError("QUERY_KEYS", problem, "see 'saerad query --help'")

    def _problem(self) -> str:
        missing = [name for name in _NEEDED[self.level] if not self.keys.get(name)]
        if missing:
            return f"a query for {self.level} level needs {' and '.join(missing)}"
        for name, value in self.keys.items():
            if len(value) > 64 or not value.isprintable() or "\\" in value:
                return f"{name} has more than 64 characters, a backslash or a control character"
        wrong = [n for n in ("study", "series", "image") if self.keys.get(n) and not is_uid(self.keys[n])]
        if wrong:
            return f"{wrong[0]} is not a UID"
        if self.keys.get("date") and not _DATE.fullmatch(self.keys["date"]):
            return "date is YYYYMMDD or YYYYMMDD-YYYYMMDD"
        return "" if 1 <= self.limit <= MAX_MATCHES else f"the limit is 1 to {MAX_MATCHES:,}"

    def attributes(self) -> dict[str, str]:
        """Return keyword → value of the attributes asked with a value."""
        found = {KEYS[name]: value for name, value in self.keys.items() if value}
        if self.level != "study" and "ModalitiesInStudy" in found:
            found["Modality"] = found.pop("ModalitiesInStudy")
        return found


@dataclass(frozen=True)
class Match:
    """One study, series or image of a node: keyword → text as the node has it, empty when it does not say."""

    level: Level
    values: dict[str, str]

    def __getitem__(self, keyword: str) -> str:
        return self.values.get(keyword, "")


def match_of(level: Level, answer: Dataset) -> Match | None:
    """Return what an answer of a C-FIND says, None where it lacks the valid UID without which it names nothing."""
    with warnings.catch_warnings():
        # What an archive holds is often against the standard; the text is shown as it is.
        warnings.simplefilter("ignore")
        elements = Elements(answer)
        return match_with(level, {keyword: elements.text(keyword) for keyword in RETURNED[level]})


def match_with(level: Level, values: dict[str, str]) -> Match | None:
    """Return a match with these values, each cut to a length that can be shown; None without a valid UID."""
    return Match(level, {name: text[:1024] for name, text in values.items()}) if is_uid(values[UIDS[level]]) else None
