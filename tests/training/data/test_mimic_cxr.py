"""MIMIC-CXR and MIMIC-CXR-JPG."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.training.data.indexing import Indexer
from tests.training.data.layouts import MIMIC_IMAGES, REPORT, mimic, picture, table
from training.data.splits import split_of_group

FIRST = MIMIC_IMAGES[0][2]


@pytest.mark.parametrize(("kind", "suffix"), [("mimic-cxr", ".csv"), ("mimic-cxr-jpg", ".csv.gz")])
def test_every_image_has_its_report_labels_and_official_split(
    index: Indexer, tmp_path: Path, kind: str, suffix: str
) -> None:
    root = mimic(tmp_path / "set", kind, suffix=suffix)
    done = index(kind, root)
    assert done.status == 0
    assert done.problems == []
    assert [row.split for row in done.rows.values()] == ["train", "train", "train", "val", "test"]
    first = done.rows[FIRST]
    file = root / first.path
    assert first.path == f"files/p10/p10000032/s50414267/{FIRST}" + {"mimic-cxr": ".dcm"}.get(kind, ".jpg")
    assert (first.sha256, first.size) == (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size)
    assert (first.patient_id, first.study_id, first.view) == ("10000032", "50414267", "PA")
    assert first.labels_present == ("Pleural Effusion",)
    assert first.labels_absent == ("Pneumothorax",)
    assert first.labels_uncertain == ("Edema",)
    assert first.findings == "There is a small left effusion. The lungs are clear."
    assert len(first.unsupported) == 2
    assert first.report_path == "files/p10/p10000032/s50414267.txt"
    assert [row.view for row in done.rows.values()] == ["PA", "LATERAL", "AP", "AP", ""]
    assert done.summary["splits"]["train"] == {"images": 3, "patients": 1, "studies": 2}
    assert done.summary["reports"]["findings"] == 4


def test_reports_may_lie_elsewhere(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set", reports=tmp_path / "reports")
    for folder in ("reports", "reports/files"):
        done = index("mimic-cxr-jpg", root, "--reports", str(tmp_path / folder))
        assert done.status == 0
        assert done.rows[FIRST].report_path == "files/p10/p10000032/s50414267.txt"


def test_reports_that_are_nowhere_are_told_unless_there_are_none(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set", reports=tmp_path / "reports")
    done = index("mimic-cxr-jpg", root)
    assert done.status == 2
    assert "[INDEX_REPORTS]" in done.errors
    done = index("mimic-cxr-jpg", root, "--no-reports")
    assert done.status == 0
    assert done.rows[FIRST].findings == ""
    assert done.summary["notes"][0] == "indexed without reports"


def test_the_record_list_is_enough_with_a_split_by_hash(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set", "mimic-cxr")
    for file in root.glob("mimic-cxr-*"):
        file.unlink()
    records = [(subject, study, dicom_id, "files/…") for subject, study, dicom_id, *_ in MIMIC_IMAGES]
    table(root / "cxr-record-list.csv.gz", ("subject_id", "study_id", "dicom_id", "path"), records)
    done = index("mimic-cxr", root, "--split", "official")
    assert done.status == 2
    assert "[INDEX_SPLIT]" in done.errors
    done = index("mimic-cxr", root)
    assert done.status == 0
    assert done.summary["split_rule"] == "hash"
    assert all(row.split == split_of_group(f"mimic{row.patient_id}") for row in done.rows.values())


def test_the_newest_version_of_a_table_is_read_and_others_may_lie_elsewhere(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set")
    tables = tmp_path / "tables"
    tables.mkdir()
    for file in root.glob("mimic-cxr-*"):
        file.rename(tables / file.name)
    changed = [(dicom_id, study, subject, "test") for subject, study, dicom_id, *_ in MIMIC_IMAGES]
    table(tables / "mimic-cxr-2.1.0-split.csv", ("dicom_id", "study_id", "subject_id", "split"), changed)
    done = index("mimic-cxr-jpg", root, "--tables", str(tables))
    assert {row.split for row in done.rows.values()} == {"test"}


def test_no_table_no_index(index: Indexer, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    done = index("mimic-cxr", tmp_path / "set")
    assert done.status == 2
    assert "[INDEX_TABLE]" in done.errors


def test_what_is_missing_or_broken_is_left_out_and_named(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set")
    images = sorted(root.rglob("*.jpg"))
    images[0].unlink()
    images[1].write_bytes(b"")
    images[2].write_bytes(b"<html>please log in</html>")
    done = index("mimic-cxr-jpg", root)
    assert done.status == 3
    assert done.codes == ["IMAGE_EMPTY", "IMAGE_KIND", "IMAGE_MISSING"]
    assert len(done.rows) == 2
    assert "manifest.problems.csv" in done.errors
    assert not done.summary["complete"]


def test_odd_reports_are_remarks_and_keep_their_images(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set")
    (root / "files/p10/p10000032/s53189527.txt").unlink()
    (root / "files/p10/p10000764/s57375967.txt").write_bytes("FINDINGS: Größe normal.".encode("cp1252"))
    (root / "files/p11/p11000011/s51029426.txt").write_text("  FINAL REPORT\n INDICATION: Cough.\n")
    done = index("mimic-cxr-jpg", root)
    assert done.status == 0
    assert done.codes == ["REPORT_EMPTY", "REPORT_ENCODING", "REPORT_MISSING"]
    assert {kind for _, kind, _ in done.problems} == {"remark"}
    assert len(done.rows) == 5
    assert done.rows[MIMIC_IMAGES[3][2]].findings == "Größe normal."
    assert done.rows[MIMIC_IMAGES[4][2]].indication == "Cough."


def test_broken_rows_are_left_out(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set")
    columns = ("dicom_id", "subject_id", "study_id", "ViewPosition")
    rows = [
        (FIRST, "10000032", "50414267", "PA"),
        (FIRST, "10000032", "50414267", "PA"),
        ("no-split", "10000032", "50414267", "PA"),
        ("../../etc/passwd", "10000032", "50414267", "PA"),
        ("short", "10000032"),
        ("of another patient", "10000764", "50414267", "PA"),
        (MIMIC_IMAGES[3][2], "10000764", "50414267", "PA"),
    ]
    (root / "mimic-cxr-2.0.0-metadata.csv.gz").unlink()
    table(root / "mimic-cxr-2.0.0-metadata.csv", columns, rows)
    done = index("mimic-cxr-jpg", root)
    assert done.status == 3
    assert done.codes == ["INDEX_NO_SPLIT", "INDEX_PATIENTS", "INDEX_ROW", "INDEX_ROW", "INDEX_ROW", "INDEX_TWICE"]
    assert list(done.rows) == [FIRST]
    told = index.out.with_name("manifest.problems.csv").read_text()
    assert "dicom_id of a row of mimic-cxr-2.0.0-metadata.csv is '../../etc/passwd'" in told
    assert "study_id of a row of mimic-cxr-2.0.0-metadata.csv is ''" in told


def test_an_official_split_that_parts_a_patient_or_a_picture_is_reported(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set")
    places = [root / f"files/p{s[:2]}/p{s}/s{study}/{name}.jpg" for s, study, name, *_ in MIMIC_IMAGES]
    picture(places[4], 0)
    (root / "mimic-cxr-2.0.0-split.csv.gz").unlink()
    splits = [
        (dicom_id, study, subject, "test" if dicom_id == FIRST else split)
        for subject, study, dicom_id, split, *_ in MIMIC_IMAGES
    ]
    table(root / "mimic-cxr-2.0.0-split.csv", ("dicom_id", "study_id", "subject_id", "split"), splits)
    done = index("mimic-cxr-jpg", root)
    assert done.status == 3
    assert done.problems == [("SPLIT_PATIENT", "error", "10000032")]
    assert len(done.rows) == 5
    picture(places[3], 0)
    done = index("mimic-cxr-jpg", root)
    assert done.codes == ["SPLIT_PATIENT", "SPLIT_PICTURE"]


@pytest.mark.parametrize("content", [b"\xff\xfed\x00", b"a,b\n1,2\n", b"\x1f\x8bnot gzip", b""])
def test_a_table_that_is_none_ends_the_run(index: Indexer, tmp_path: Path, content: bytes) -> None:
    root = mimic(tmp_path / "set")
    name = "mimic-cxr-2.0.0-split.csv.gz" if content.startswith(b"\x1f") else "mimic-cxr-2.0.0-split.csv"
    (root / "mimic-cxr-2.0.0-split.csv.gz").unlink()
    (root / name).write_bytes(content)
    done = index("mimic-cxr-jpg", root)
    assert done.status == 2
    assert "[INDEX_TABLE]" in done.errors
    assert done.rows == {}


def test_limit_and_no_hash(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set")
    done = index("mimic-cxr-jpg", root, "--limit", "2", "--no-hash", "--workers", "1")
    assert len(done.rows) == 2
    assert {row.sha256 for row in done.rows.values()} == {""}
    assert all(row.size > 0 for row in done.rows.values())


def test_the_fixture_is_a_report_of_two_marks() -> None:
    assert REPORT.count("___") == 2
