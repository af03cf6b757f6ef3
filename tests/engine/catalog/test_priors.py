"""Earlier radiographs under a patient ID."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.earlier import earlier_images
from engine.catalog.look import look
from engine.dicom.names import consistent_names
from engine.dicom.radiograph import Identity
from tests.viewer.factories import ramp, write_dicom

NOW = Identity("9", study_instance_uid="9", patient_id="T1", study_date="20260102", study_time="101500")


def test_the_index_names_earlier_radiographs_of_the_id_newest_first(tmp_path: Path) -> None:
    def image(name: str, day: str, **tags: str) -> None:
        tags = {"StudyInstanceUID": f"1.{name}".replace("n", ""), "StudyDate": day, **tags}
        write_dicom(tmp_path / f"{name}.dcm", ramp(8, 8), **tags)

    for number, day in enumerate(("20200101", "20240101", "20270101", "", "20260102")):
        image(f"n{number}", day, StudyTime="080000")
    image("n7", "20210101", PatientID="T2")
    image("n8", "20210101", Modality="CT")
    image("n9", "20220101", IssuerOfPatientID="ELSEWHERE", PatientBirthDate="19600501", ViewPosition="LL")
    index = tmp_path / "index" / "studies.sqlite"
    look(index, [tmp_path])
    found = earlier_images(index, NOW)
    assert [(each.path.name, each.identity.study_date) for each in found] == [
        ("n4.dcm", "20260102"),
        ("n1.dcm", "20240101"),
        ("n9.dcm", "20220101"),
        ("n0.dcm", "20200101"),
    ]
    other = found[2].identity
    assert (other.patient_id, other.patient_id_issuer, other.patient_birth_date) == ("T1", "ELSEWHERE", "19600501")
    assert other.view_position == "LL" and other.patient_name == "test^anna" and found[2].body_part == "CHEST"
    assert len(earlier_images(index, NOW, most=2)) == 2
    assert earlier_images(index, Identity("9", study_date="20260102")) == []
    assert earlier_images(index, Identity("9", patient_id="T1")) == []


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("MEYER^ANNA", "Meyer^Anna^Maria", True),
        ("Meyer^Anna Maria", "MEYER^ANNA^^DR", True),
        ("MÜLLER-LÜDENSCHEIDT^ANNA", "Muller Ludenscheidt^Anna", True),
        ("MEYER^ANNA", "", True),
        ("MEYER", "MEYER^ANNA", True),
        ("Yamada^Tarou=山田^太郎", "YAMADA^TAROU", True),
        ("=山田^太郎", "=山田^太郎", True),
        ("=山田^太郎", "=鈴木^太郎", False),
        ("MEYER^ANNA", "MEYER^ANNETTE", False),
        ("MEYER^ANNA", "SCHMIDT^ANNA", False),
        ("MEYER^ANNA^MARIA", "MEYER^ANNA^LUISE", False),
    ],
)
def test_names_that_may_be_one_persons(a: str, b: str, expected: bool) -> None:
    assert consistent_names(a, b) is consistent_names(b, a) is expected
