"""The structured report is valid, says what the draft says, and belongs to the image's study."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from highdicom import sr

from engine.dicom.radiograph import Calibration, Radiograph, Spacing
from engine.errors import ReadError
from engine.export.codes import finding_code, private_code
from engine.export.dicom_identity import refusal
from engine.export.structured_report import write_structured_report
from engine.report.audit import noted
from engine.report.compose import compose
from engine.report.draft import Draft
from engine.report.findings import Finding
from tests.engine.report.factories import PACK_SHA256, analysis, busy, radiograph

CR = {
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1",
    "study_instance_uid": "1.2.3.4",
    "series_instance_uid": "1.2.3.5",
}


def written(folder: Path, image: Radiograph, draft: Draft | None = None) -> Path:
    made = busy(image)
    return write_structured_report(folder, image, made, draft or compose(made))


def accepted(path: Path) -> None:
    """Check with dicom3tools and DCMTK, where they are installed."""
    for tool in ("dciodvfy", "dsrdump"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    verdict = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False)
    errors = [line for line in (verdict.stdout + verdict.stderr).splitlines() if line.startswith("Error")]
    assert errors == []
    dump = subprocess.run(["dsrdump", str(path)], capture_output=True, check=False)
    assert dump.returncode == 0, dump.stderr
    assert b"Measurement" in dump.stdout


def texts(dataset: pydicom.Dataset) -> list[str]:
    """Every TEXT value of the document tree, depth first."""
    found = [str(dataset.TextValue)] if dataset.get("ValueType") == "TEXT" else []
    for item in dataset.get("ContentSequence", []):
        found += texts(item)
    return found


def test_it_is_an_unverified_preliminary_draft_in_a_new_series_of_the_study(tmp_path: Path) -> None:
    image = radiograph(**CR)
    path = written(tmp_path, image)
    document = pydicom.dcmread(path)
    assert (document.CompletionFlag, document.VerificationFlag, document.PreliminaryFlag) == (
        "PARTIAL",
        "UNVERIFIED",
        "PRELIMINARY",
    )
    assert document.StudyInstanceUID == "1.2.3.4"
    assert document.SeriesInstanceUID != "1.2.3.5"
    assert (document.PatientID, str(document.PatientName)) == ("P1", "Doe^Jane")
    assert document.SpecificCharacterSet == "ISO_IR 192"
    assert path.read_bytes()[:132] == bytes(128) + b"DICM"
    accepted(path)


def test_each_finding_is_a_group_with_code_side_probability_features_and_algorithm(tmp_path: Path) -> None:
    image = radiograph(**CR)
    document = sr.srread(written(tmp_path, image))
    groups = document.content.get_image_measurement_groups()
    assert [group.tracking_identifier for group in groups] == [
        "features 11",
        "features 13",
        "features 14",
        "features 12",
    ]
    effusion = groups[0]
    assert effusion.finding_type == sr.CodedConcept("60046008", "SCT", "Pleural effusion")
    assert effusion.finding_sites[0].laterality.meaning == "Right"
    assert effusion.get_measurements()[0].value == pytest.approx(0.9)
    severity = [e.value.meaning for e in effusion.get_qualitative_evaluations() if e.name.value == "246112005"]
    assert severity == ["Moderate"]
    assert effusion.source_images[0].referenced_sop_instance_uid == image.identity.sop_instance_uid
    said = texts(document)
    for part in (
        "SAE-Rad workstation, model pack toy",
        "1.0.0",
        f"model pack SHA-256 {PACK_SHA256}",
        "execution provider CPUExecutionProvider",
        "precision int8",
        f"pixel SHA-256 {image.pixel_sha256}",
    ):
        assert part in said


def test_every_sentence_is_there_with_its_evidence(tmp_path: Path) -> None:
    image = radiograph(**CR)
    draft = compose(busy(image))
    said = texts(pydicom.dcmread(written(tmp_path, image, draft)))
    for section in draft.sections:
        for sentence in section.sentences:
            cited = ", ".join(map(str, sentence.evidence))
            assert f"{section.title}: {sentence.text} [features {cited}; unconfirmed]" in said
    assert "DRAFT – not for diagnostic use until reviewed" in said


@pytest.mark.parametrize("exported", [False, True])
def test_a_reviewed_report_is_called_reviewed_and_stays_unverified(tmp_path: Path, exported: bool) -> None:
    image = radiograph(**CR)
    draft = compose(busy(image))
    assert pydicom.dcmread(written(tmp_path, image, draft)).SeriesDescription.startswith("AI draft report")
    for sentence in list(draft.sentences()):
        draft = draft.confirm(sentence.key)
    path = written(tmp_path, image, draft.review().exported() if exported else draft.review())
    document = pydicom.dcmread(path)
    assert document.SeriesDescription == "AI-assisted report, reviewed, not verified"
    flags = (document.CompletionFlag, document.VerificationFlag, document.PreliminaryFlag)
    assert flags == ("PARTIAL", "UNVERIFIED", "PRELIMINARY")
    accepted(path)


@pytest.mark.parametrize(
    ("user", "named"),
    [("Dr. Åsa Øre", "Dr. Åsa Øre"), ("a=b^c\\\n d", "a b c d"), ("x" * 80, "x" * 64), ("^", "unknown")],
)
def test_who_reviewed_attests_and_does_not_verify(tmp_path: Path, user: str, named: str) -> None:
    image = radiograph(**CR)
    draft = compose(busy(image))
    for sentence in list(draft.sentences()):
        draft = draft.confirm(sentence.key)
    reviewed = noted(draft, draft.review(), user=user, time="2026-03-04T05:06:07+00:00")
    path = written(tmp_path, image, reviewed)
    (person,) = pydicom.dcmread(path).ParticipantSequence
    assert (person.ParticipationType, person.ObserverType, str(person.PersonName)) == ("ATTEST", "PSN", named)
    assert person.ParticipationDateTime == "20260304050607+0000"
    assert "VerifyingObserverSequence" not in pydicom.dcmread(path)
    accepted(path)
    edited = reviewed.edit(next(iter(draft.sentences())).key, "Other.")
    again = noted(reviewed, edited, user="B", time="2026-03-04T06:00:00+00:00")
    assert "ParticipantSequence" not in pydicom.dcmread(written(tmp_path, image, again))


def test_a_denial_never_carries_the_code_of_the_disease() -> None:
    denied = Finding("Pneumothorax", "absent", "none", "", "none", "pleura", 0.02, (1,))
    code = finding_code(denied)
    assert (code.scheme_designator, code.meaning) == ("99SAERAD", "No Pneumothorax")
    present = finding_code(replace(denied, polarity="present"))
    assert (present.scheme_designator, present.value) == ("SCT", "36118008")


@pytest.mark.parametrize(
    "meaning", ["Enlarged Cardiomediastinum", "No Enlarged Cardiomediastinum", "Набор", "a" * 90, "No", "x\\y"]
)
def test_private_codes_fit_their_elements(meaning: str) -> None:
    code = private_code(meaning)
    assert 0 < len(code.value) <= 16
    assert 0 < len(code.meaning) <= 64
    assert "\\" not in code.meaning


def test_private_codes_differ() -> None:
    names = [
        "left lower lobe posterior",
        "left lower lobe anterior",
        "No Enlarged Cardiomediastinum",
        "No Enlarged Heart",
    ]
    assert len({private_code(name).value for name in names}) == len(names)


def test_edited_sentences_lose_their_codes_and_keep_their_text(tmp_path: Path) -> None:
    image = radiograph(**CR)
    draft = compose(busy(image))
    for sentence in list(draft.sentences()):
        if 11 in sentence.evidence:
            draft = draft.edit(sentence.key, f"No effusion, {sentence.key}.")
    path = written(tmp_path, image, draft)
    document = sr.srread(path)
    kept = [group.tracking_identifier for group in document.content.get_image_measurement_groups()]
    assert kept == ["features 13", "features 14", "features 12"]
    edited = [text for text in texts(document) if "No effusion" in text]
    assert edited and all(text.endswith("[edited by a person; confirmed]") for text in edited)
    accepted(path)


def test_a_draft_without_findings_is_valid_and_says_that_this_does_not_mean_normal(tmp_path: Path) -> None:
    image = radiograph(**CR)
    empty = analysis(image=image)
    path = write_structured_report(tmp_path, image, empty, compose(empty))
    (notice,) = [text for text in texts(pydicom.dcmread(path)) if "that the image is normal" in text]
    assert notice.startswith("Impression: ") and "not a statement" in notice
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed")
    verdict = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False)
    assert "Error" not in verdict.stdout + verdict.stderr


@pytest.mark.parametrize(
    ("changed", "keyword", "expected"),
    [
        ({"patient_sex": "female"}, "PatientSex", ""),
        ({"patient_birth_date": "19701345"}, "PatientBirthDate", ""),
        ({"study_date": "2024-01-02"}, "StudyDate", ""),
        ({"study_time": "250000"}, "StudyTime", ""),
        ({"patient_id": "7" * 80}, "PatientID", ""),
        ({"accession_number": "A" * 17}, "AccessionNumber", ""),
        ({"patient_name": "A^B^C^D^E^F"}, "PatientName", "A^B^C^D^E"),
        ({"patient_name": "N" * 70}, "PatientName", "N" * 64),
        ({"patient_name": "A\\B"}, "PatientName", "A B"),
    ],
)
def test_malformed_identity_is_repaired_and_said(
    tmp_path: Path, changed: dict[str, str], keyword: str, expected: str
) -> None:
    path = written(tmp_path, radiograph(**(CR | changed)))
    document = pydicom.dcmread(path)
    assert str(document[keyword].value or "") == expected
    assert any(next(iter(changed.values()))[:60] in text for text in texts(document))
    accepted(path)


@pytest.mark.parametrize("name", ["Yamada^Tarou=山田^太郎=やまだ^たろう", "Люкceмбypг", "Müller^Jörg", "Anonymous", ""])
def test_names_are_kept_in_utf_8(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, radiograph(patient_name=name, **CR))
    assert str(pydicom.dcmread(path).PatientName) == name
    accepted(path)


def test_missing_study_and_series_get_stable_uids_and_a_note(tmp_path: Path) -> None:
    image = radiograph(sop_class_uid=CR["sop_class_uid"])
    first, second = (pydicom.dcmread(written(tmp_path / name, image)) for name in "ab")
    assert first.StudyInstanceUID == second.StudyInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert any("no valid study instance UID" in text for text in texts(first))


def test_how_the_model_ran_otherwise_than_asked_is_in_it(tmp_path: Path) -> None:
    image, why = radiograph(**CR), "the device cuda is not available here; the CPU is used instead"
    made = replace(busy(image), warnings=(why,))
    dataset = pydicom.dcmread(write_structured_report(tmp_path, image, made, compose(made)))
    assert f"Note: {why}" in texts(dataset)


def test_geometry_is_described_when_it_is_known(tmp_path: Path) -> None:
    image = replace(radiograph(**CR), spacing=Spacing(0.14, 0.15, Calibration.DETECTOR))
    path = written(tmp_path, image)
    numbers: list[Any] = []

    def walk(item: pydicom.Dataset) -> None:
        if item.get("ValueType") == "NUM":
            numbers.append(
                (item.ConceptNameCodeSequence[0].CodeMeaning, float(item.MeasuredValueSequence[0].NumericValue))
            )
        for child in item.get("ContentSequence", []):
            walk(child)

    walk(pydicom.dcmread(path))
    assert ("Horizontal Pixel Spacing", 0.15) in numbers
    assert ("Vertical Pixel Spacing", 0.14) in numbers
    accepted(path)


def test_saved_bytes_are_readable_again(tmp_path: Path) -> None:
    data = written(tmp_path, radiograph(**CR)).read_bytes()
    assert pydicom.dcmread(io.BytesIO(data)).SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.34"


@pytest.mark.slow
def test_real_files_give_valid_reports(shared_data: Path, tmp_path: Path) -> None:
    from engine.dicom.files import read_radiograph

    read = 0
    for path in sorted((shared_data / "dicom").glob("*/*.dcm")):
        try:
            image = read_radiograph(path)
        except ReadError:
            continue
        if refusal(image) is None:
            accepted(written(tmp_path, image))
            read += 1
    assert read >= 10
