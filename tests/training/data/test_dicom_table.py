"""A folder of DICOM with a table of reports."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.errors import DataError, UsageError
from tests.training.data.indexing import Indexer
from tests.training.data.layouts import REPORT, dicom, picture, table
from training.data.report_table import KEYS, ReportTable
from training.data.splits import split_of_group


def hospital(root: Path) -> dict[str, str]:
    """Four radiographs of three patients, and things that are none; returns the SOP Instance UIDs by name."""
    shared = {"StudyInstanceUID": "1.2.10", "AccessionNumber": "A1", "PatientID": "P1", "PatientSex": "F"}
    return {
        "one": dicom(root / "a" / "one", **shared, PatientAge="061Y", PatientBirthDate="19600101"),
        "two": dicom(root / "a" / "two.dcm", **shared, ViewPosition="LL"),
        "three": dicom(root / "b" / "three.dcm", StudyInstanceUID="1.2.20", AccessionNumber="A2", PatientID="P2"),
        "four": dicom(root / "b" / "four.dcm", StudyInstanceUID="1.2.30", AccessionNumber="A3", PatientID=""),
    }


def test_reports_are_joined_and_nothing_is_dropped_silently(index: Indexer, tmp_path: Path) -> None:
    root = tmp_path / "set"
    uids = hospital(root)
    (root / "notes.txt").write_text("no image")
    dicom(root / "b" / "ct.dcm", Modality="CT", StudyInstanceUID="1.2.10")
    dicom(root / "b" / "hand.dcm", BodyPartExamined="HAND")
    (root / "b" / "broken.dcm").write_bytes((root / "b" / "three.dcm").read_bytes()[:-100])
    picture(root / "b" / "photo.png", 1)
    (root / "b" / "empty.png").touch()
    (root / "b" / "page.png").write_text("<html>login</html>")
    shutil.copy(root / "a" / "one", root / "b" / "copy.dcm")
    reports = table(
        root / "reports.csv",
        ("StudyInstanceUID", "Report", "labels"),
        [("1.2.10", REPORT, "Edema; Effusion"), ("1.2.20", "Größe normal.", ""), ("1.2.99", "Nobody's.", "")],
        encoding="cp1252",
    )
    done = index("dicom", root, "--reports", str(reports))
    assert done.status == 3
    left_out = [(row["code"], row["subject"]) for row in done.summary["left_out"]]
    assert {("FILE_EMPTY", "b/empty.png"), ("NOT_DICOM", "b/page.png")} < set(left_out)
    kinds = sorted((code, kind, subject) for code, kind, subject in done.problems)
    assert kinds == [
        ("FILE_EMPTY", "error", "b/empty.png"),
        ("INDEX_NO_PATIENT", "remark", "b/four.dcm"),
        ("INDEX_PICTURE", "remark", "b/photo.png"),
        ("INDEX_TWICE", "error", "b/copy.dcm"),
        ("NOT_A_CHEST", "remark", "b/hand.dcm"),
        ("NOT_A_RADIOGRAPH", "remark", "b/ct.dcm"),
        ("NOT_DICOM", "error", "b/page.png"),
        ("NOT_DICOM", "remark", "notes.txt"),
        ("PIXELS_TRUNCATED", "error", "b/broken.dcm"),
        ("REPORT_MISSING", "remark", "b/four.dcm"),
        ("REPORT_MISSING", "remark", "b/photo.png"),
        ("REPORT_UNMATCHED", "remark", "reports.csv:4"),
    ]
    assert set(done.rows) == set(uids.values())
    one, two = done.rows[uids["one"]], done.rows[uids["two"]]
    assert (one.patient_id, one.study_id, one.view, one.age, one.sex) == ("P1", "1.2.10", "PA", 61, "F")
    assert (one.split, two.view, two.age) == (split_of_group("dicomP1"), "LL", None)
    assert one.findings == two.findings == "There is a small left effusion. The lungs are clear."
    assert (one.labels_present, one.report_path) == (("Edema", "Effusion"), "reports.csv:2")
    assert done.rows[uids["three"]].findings == "Größe normal."
    assert done.rows[uids["four"]].patient_id == "1.2.30"


def test_columns_of_the_table_win_over_the_header(index: Indexer, tmp_path: Path) -> None:
    root = tmp_path / "set"
    uids = hospital(root)
    picture(root / "b" / "photo.png", 1)
    columns = ("path", "accession_number", "patient_id", "findings", "impression", "split", "view", "age", "sex")
    rows = [
        (r"a\one", "", "X1", "One.", "", "validation", "AP", "30", "m"),
        ("", "A1", "X1", "Two.", "Second.", "valid", "", "", ""),
        ("", "A2", "X2", "Three.", "", "training", "", "", ""),
        ("./b/photo.png", "", "X3", "Photo.", "", "test", "PA", "", ""),
        ("", "A3", "X4", "Four.", "", "none of these", "", "", ""),
    ]
    reports = table(tmp_path / "reports.csv", columns, rows)
    done = index("dicom", root, "--reports", str(reports))
    assert done.problems == [("INDEX_NO_SPLIT", "error", "b/four.dcm")]
    assert done.summary["split_rule"] == "official"
    one, two, photo = done.rows[uids["one"]], done.rows[uids["two"]], done.rows["b/photo.png"]
    assert (one.findings, one.patient_id, one.split, one.view, one.age, one.sex) == ("One.", "X1", "val", "AP", 30, "M")
    assert (two.findings, two.impression, two.split) == ("Two.", "Second.", "val")
    assert (photo.findings, photo.patient_id, photo.study_id) == ("Photo.", "X3", "X3")
    done = index("dicom", root, "--reports", str(reports), "--split", "hash")
    assert done.rows[uids["one"]].split == split_of_group("dicomX1")


def test_without_reports_and_with_patients_who_share_an_id(index: Indexer, tmp_path: Path) -> None:
    root = tmp_path / "set"
    first = dicom(root / "1.dcm", PatientID="1", PatientBirthDate="19500101", PatientSex="M")
    second = dicom(root / "2.dcm", PatientID="1", PatientBirthDate="19990101", PatientSex="F")
    done = index("dicom", root, "--workers", "1")
    assert done.status == 0
    assert done.problems == [("INDEX_PATIENTS", "remark", "2.dcm")]
    assert done.rows[first].split == done.rows[second].split


def test_nothing_to_index(index: Indexer, tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    (root / "notes.txt").write_text("no image")
    (root / ".hidden").write_text("")
    (tmp_path / "outside.dcm").write_text("")
    (root / "link.dcm").symlink_to(tmp_path / "outside.dcm")
    done = index("dicom", root)
    assert done.status == 3
    assert "[INDEX_EMPTY]" in done.errors
    assert done.codes == ["INDEX_LINK", "NOT_DICOM"]
    assert done.rows == {}


def rows_of(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> ReportTable:
    return ReportTable(table(path, header, rows))


def test_several_different_rows_for_one_image_join_none(tmp_path: Path) -> None:
    reports = rows_of(tmp_path / "r.csv", ("PatientID", "text"), [("1", "a"), ("1", "b"), ("2", "c"), ("2", "c")])
    keys = dict.fromkeys(KEYS, "")
    with pytest.raises(DataError) as caught:
        reports.find(keys | {"patient_id": "1"})
    assert caught.value.code == "REPORT_AMBIGUOUS"
    found = reports.find(keys | {"patient_id": "2"})
    assert found is not None
    assert found.values["report"] == "c"
    assert reports.unused() == []


def test_a_row_of_another_study_is_not_joined_by_its_patient(tmp_path: Path) -> None:
    reports = rows_of(tmp_path / "r.csv", ("Patient ID", "Study Instance UID", "Report Text"), [("1", "1.2", "a")])
    keys = dict.fromkeys(KEYS, "")
    assert reports.find(keys | {"patient_id": "1", "study_instance_uid": "1.3"}) is None
    assert reports.find(keys | {"patient_id": "1", "study_instance_uid": "1.2"}) is not None


def test_semicolons_separate_too(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text('PatientID;report\n1;"Clear; no effusion, normal."\n', encoding="utf-8")
    found = ReportTable(path).find(dict.fromkeys(KEYS, "") | {"patient_id": "1"})
    assert found is not None
    assert found.report().findings == "Clear; no effusion, normal."


@pytest.mark.parametrize("header", [("report",), ("PatientID", "age")])
def test_a_table_needs_a_key_and_reports(tmp_path: Path, header: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        rows_of(tmp_path / "r.csv", header, [])
    assert caught.value.code == "INDEX_TABLE"
    with pytest.raises(UsageError):
        ReportTable(tmp_path / "missing.csv")
