"""Whether two images are of one patient, and how long before another an image was taken."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import date
from itertools import combinations

from engine.dicom.names import consistent_names
from engine.dicom.radiograph import Identity


class Relation(enum.Enum):
    """What the headers of two images say about their patients."""

    SAME = "same patient"
    UNCONFIRMED = "not confirmed to be the same patient"
    DIFFERENT = "different patients"


def relation(a: Identity, b: Identity) -> Relation:
    """Compare patient ID, its issuer and birth date, all of which must be stated and agree; a name never suffices.

    Names that contradict each other (`engine.dicom.names.consistent_names`) leave it unconfirmed: a number may have
    been given to two people, and a person may have married. Images of one study are of one patient also where the birth
    date is missing, as long as nothing contradicts it.
    """
    keys = (
        (a.patient_id, b.patient_id),
        (a.patient_id_issuer, b.patient_id_issuer),
        (a.patient_birth_date, b.patient_birth_date),
    )
    if any(x and y and x != y for x, y in keys):
        return Relation.DIFFERENT
    (ids, issuers, births) = keys
    complete = all(ids) and all(births) and issuers[0] == issuers[1]
    one_study = bool(a.study_instance_uid) and a.study_instance_uid == b.study_instance_uid
    one_image = bool(a.sop_instance_uid) and a.sop_instance_uid == b.sop_instance_uid
    same = complete or one_study or one_image
    return Relation.SAME if same and consistent_names(a.patient_name, b.patient_name) else Relation.UNCONFIRMED


def worst_relation(identities: Iterable[Identity]) -> Relation:
    """Return the relation of those two of several images that are least certain to be of one patient."""
    found = {relation(a, b) for a, b in combinations(list(identities), 2)}
    order = (Relation.DIFFERENT, Relation.UNCONFIRMED)
    return next((each for each in order if each in found), Relation.SAME)


def day_of(value: str) -> date | None:
    """``YYYYMMDD`` as a date; None for anything else."""
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:8])) if len(value) == 8 else None
    except ValueError:
        return None


def taken(identity: Identity) -> tuple[str, str]:
    """Date and time of a study in an order by text; images without a date come first."""
    return (identity.study_date if day_of(identity.study_date) else "", identity.study_time)


def elapsed(earlier: date, later: date) -> tuple[int, int, int]:
    """Whole years, months and days from one day to a later one."""
    months = 12 * (later.year - earlier.year) + later.month - earlier.month - (later.day < earlier.day)
    return months // 12, months % 12, (later - earlier).days
