"""Who reviewed a report, as Participant of a DICOM SR (PS3.3 C.17.2): one who attests it, which is no verification."""

from __future__ import annotations

from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.valuerep import PersonName

from engine.report.audit import AuditEntry
from engine.report.draft import Draft, DraftStatus

LONGEST = 64
"""Letters of a component group of a person name (PS3.5 table 6.2-1)."""
MARKS = str.maketrans(dict.fromkeys("\\^=", " "))
"""What has a meaning of its own in a person name."""


def attest(document: Dataset, draft: Draft) -> None:
    """Name in an SR the person who marked its draft as reviewed, and when; nothing where nobody did.

    The document stays UNVERIFIED: a Verifying Observer (PS3.3 C.17.2) answers for it by law, which a name that nothing
    proves cannot.
    """
    entry = review_of(draft)
    if entry is None:
        return
    person = Dataset()
    person.ParticipationType = "ATTEST"
    person.ParticipationDateTime = _when(entry.time)
    person.ObserverType = "PSN"
    person.PersonName = PersonName(_name(entry.user))
    person.PersonIdentificationCodeSequence = Sequence()
    person.InstitutionName = ""
    person.InstitutionCodeSequence = Sequence()
    document.ParticipantSequence = Sequence([person])


def review_of(draft: Draft) -> AuditEntry | None:
    """Return the entry of the record by which a draft was last marked as reviewed, if that still holds."""
    if draft.status is DraftStatus.DRAFT:
        return None
    return next((entry for entry in reversed(draft.audit) if entry.action == "review"), None)


def _name(user: str) -> str:
    """Return a name as a person name has it; one in plain words stands whole in the family name."""
    plain = "".join(c for c in user.translate(MARKS) if c.isprintable())
    return " ".join(plain.split())[:LONGEST].rstrip() or "unknown"


def _when(time: str) -> str:
    """ISO 8601 as DICOM date and time with the offset from UTC."""
    return datetime.fromisoformat(time).strftime("%Y%m%d%H%M%S%z")
