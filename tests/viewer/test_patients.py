"""Who is the same patient, and how long ago an image was taken."""

from __future__ import annotations

from datetime import date

import pytest

from engine.dicom.patients import Relation, elapsed, relation, worst_relation
from engine.dicom.radiograph import Identity
from viewer.hanging.words import age_text, banner


def person(**changes: str) -> Identity:
    """An image of Anna."""
    named = {"patient_id": "T1", "patient_birth_date": "19600501", "patient_name": "TEST^ANNA",
             "study_date": "20260102", "study_instance_uid": "1.1", "sop_instance_uid": "1.1.1"}  # fmt: skip
    return Identity(**{**named, **changes})


OTHER_STUDY = {"study_instance_uid": "1.2", "sop_instance_uid": "1.2.1"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Relation.SAME),
        ({"patient_name": "Test^Anna^Maria"}, Relation.SAME),
        ({"patient_name": ""}, Relation.SAME),
        ({"patient_name": "TEST^ANNETTE"}, Relation.UNCONFIRMED),
        ({"patient_name": "MARRIED^ANNA"}, Relation.UNCONFIRMED),
        ({"patient_name": "MARRIED^ANNA", "patient_id": "T2"}, Relation.DIFFERENT),
        ({"patient_id": "T2"}, Relation.DIFFERENT),
        ({"patient_birth_date": "19610501"}, Relation.DIFFERENT),
        ({"patient_id_issuer": "HOSPITAL"}, Relation.UNCONFIRMED),
        ({"patient_birth_date": ""}, Relation.UNCONFIRMED),
        ({"patient_id": ""}, Relation.UNCONFIRMED),
        ({"patient_id": "", "patient_birth_date": ""}, Relation.UNCONFIRMED),
    ],
)
def test_id_issuer_and_birth_date_decide_and_a_name_may_only_contradict(
    changes: dict[str, str], expected: Relation
) -> None:
    other = person(**OTHER_STUDY, **changes)
    assert relation(person(), other) is expected
    assert relation(other, person()) is expected


def test_one_study_is_one_patient_unless_something_contradicts_it() -> None:
    anna = person(patient_birth_date="")
    lateral = person(patient_birth_date="", sop_instance_uid="1.1.2")
    assert relation(anna, lateral) is Relation.SAME
    assert relation(anna, person(patient_id="T2", sop_instance_uid="1.1.2")) is Relation.DIFFERENT
    assert worst_relation([anna, lateral, person(**OTHER_STUDY)]) is Relation.UNCONFIRMED
    issued = [person(patient_id_issuer=name, **OTHER_STUDY) for name in ("A", "B")]
    assert worst_relation([person(), *issued]) is Relation.DIFFERENT


def test_nothing_known_of_either_is_no_agreement() -> None:
    assert relation(Identity("1"), Identity("2")) is Relation.UNCONFIRMED


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (date(2023, 10, 2), date(2026, 1, 2), (2, 3, 823)),
        (date(2023, 10, 3), date(2026, 1, 2), (2, 2, 822)),
        (date(2024, 2, 29), date(2025, 2, 28), (0, 11, 365)),
        (date(2025, 12, 31), date(2026, 1, 2), (0, 0, 2)),
    ],
)
def test_years_and_months_are_whole(earlier: date, later: date, expected: tuple[int, int, int]) -> None:
    assert elapsed(earlier, later) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("20231002", "PRIOR 2023-10-02, 2 y 3 mo before"),
        ("20250102", "PRIOR 2025-01-02, 1 y before"),
        ("20251002", "PRIOR 2025-10-02, 3 mo before"),
        ("20251230", "PRIOR 2025-12-30, 3 d before"),
        ("20260102", ""),
        ("", "DATE UNKNOWN"),
        ("2025", "DATE UNKNOWN"),
    ],
)
def test_a_prior_says_how_old_it_is(day: str, expected: str) -> None:
    assert age_text(person(study_date=day, **OTHER_STUDY), person()) == expected


def test_the_banner_of_two_patients_cannot_be_missed_and_claims_no_prior() -> None:
    anna, john = person(), person(patient_id="T2", patient_name="DOE^JOHN", study_date="20230101", **OTHER_STUDY)
    for each, who in ((anna, "TEST, ANNA"), (john, "DOE, JOHN")):
        tone, text = banner(each, [anna, john])
        assert tone == "refused" and text.startswith("DIFFERENT PATIENTS") and who in text and "PRIOR" not in text
    prior = person(study_date="20230101", **OTHER_STUDY)
    assert banner(prior, [anna, prior]) == ("warning", "PRIOR 2023-01-01, 3 y before")
    assert banner(anna, [anna, prior])[0] == "idle"
    tone, text = banner(anna, [anna, person(patient_birth_date="", **OTHER_STUDY)])
    assert tone == "warning" and "NOT CONFIRMED" in text
