"""Open-I's Indiana University chest X-rays in both forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DataError
from tests.training.data.indexing import Indexer
from tests.training.data.layouts import OPENI_XML, openi_csv, openi_xml, picture
from training.data.openi import parse_xml
from training.data.splits import split_of_group

STUDIES = (
    ("CXR1", ("CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-4001")),
    ("CXR2", ("CXR2_IM-0652-1001",)),
    ("CXR10", ()),
)


def test_xml(index: Indexer, tmp_path: Path) -> None:
    done = index("openi", openi_xml(tmp_path / "set", STUDIES))
    assert done.status == 0
    assert done.problems == [("REPORT_WITHOUT_IMAGE", "remark", "ecgen-radiology/10.xml")]
    assert list(done.rows) == ["CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-4001", "CXR2_IM-0652-1001"]
    row = done.rows["CXR1_1_IM-0001-3001"]
    assert row.path == "NLMCXR_png/CXR1_1_IM-0001-3001.png"
    assert (row.patient_id, row.split) == ("CXR1", split_of_group("iuCXR1"))
    assert row.labels_present == ("Cardiomegaly/borderline", "Scoliosis")
    assert (row.findings, row.impression) == ("Cardiomegaly.", "No acute disease.")
    assert row.unsupported == ("findings: Stable cardiomegaly.",)
    assert (row.indication, row.comparison, row.marks) == ("Cough for ___ days", "___, ___", 3)
    assert row.report_path == "ecgen-radiology/1.xml"


def test_xml_reports_elsewhere(index: Indexer, tmp_path: Path) -> None:
    root = openi_xml(tmp_path / "set", STUDIES)
    (root / "ecgen-radiology").rename(tmp_path / "ecgen-radiology")
    done = index("openi", root, "--reports", str(tmp_path / "ecgen-radiology"))
    assert done.status == 0
    assert done.rows["CXR2_IM-0652-1001"].report_path == "2.xml"


def test_kaggle(index: Indexer, tmp_path: Path) -> None:
    done = index("openi", openi_csv(tmp_path / "set"))
    assert done.status == 0
    assert {row.view for row in done.rows.values()} == {"FRONTAL", "LATERAL"}
    row = done.rows["2_IM-0652-1001"]
    assert row.path == "images/images_normalized/2_IM-0652-1001.dcm.png"
    assert (row.patient_id, row.split) == ("CXR2", split_of_group("iuCXR2"))
    assert row.labels_present == ("Cardiomegaly/borderline", "Scoliosis")
    assert (row.findings, row.report_path) == ("Cardiomegaly.", "indiana_reports.csv:3")


def test_broken_reports_are_named_and_the_rest_is_indexed(index: Indexer, tmp_path: Path) -> None:
    root = openi_xml(tmp_path / "set", STUDIES)
    folder = root / "ecgen-radiology"
    (folder / "4.xml").write_text("<eCitation><uId id='CXR4'>")
    (folder / "5.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><eCitation><uId id="CXR5"/></eCitation>')
    (folder / "6.xml").write_text("<eCitation/>")
    copy = OPENI_XML.format(uid="CXR1", findings="Clear.", images="")
    (folder / "7.xml").write_text(copy)
    (folder / "8.xml").write_text(
        OPENI_XML.format(uid="CXR8", findings="Clear.", images='<parentImage id="../secret"/><parentImage id="gone"/>')
    )
    (folder / "9.xml").write_bytes(
        OPENI_XML.format(uid="CXR9", findings="Größe normal.", images='<parentImage id="CXR2_IM-0652-1001"/>').encode(
            "cp1252"
        )
    )
    done = index("openi", root)
    assert done.status == 3
    assert done.codes == [
        "IMAGE_MISSING",
        "INDEX_PATIENTS",
        "INDEX_ROW",
        "INDEX_TWICE",
        "REPORT_ENCODING",
        "REPORT_UNREADABLE",
        "REPORT_UNREADABLE",
        "REPORT_UNREADABLE",
        "REPORT_WITHOUT_IMAGE",
    ]
    assert len(done.rows) == 3


def test_kaggle_rows_that_do_not_match(index: Indexer, tmp_path: Path) -> None:
    root = openi_csv(tmp_path / "set")
    with (root / "indiana_projections.csv").open("a") as file:
        file.write("3,3_IM-0001-1001.dcm.png,Frontal\r\n")
    picture(root / "images" / "images_normalized" / "3_IM-0001-1001.dcm.png", 7)
    with (root / "indiana_reports.csv").open("a") as file:
        file.write("2,normal,normal,PA,,,Clear.,\r\n")
    done = index("openi", root)
    assert done.codes == ["INDEX_PATIENTS", "REPORT_MISSING"]
    assert (done.rows["3_IM-0001-1001"].findings, done.rows["3_IM-0001-1001"].report_path) == ("", "")


@pytest.mark.parametrize("missing", ["indiana_projections.csv", "indiana_reports.csv", "images"])
def test_what_must_be_there(index: Indexer, tmp_path: Path, missing: str) -> None:
    root = openi_csv(tmp_path / "set")
    (root / missing).rename(root / "elsewhere")
    done = index("openi", root)
    assert done.status == 2
    assert ("[INDEX_IMAGES]" if missing == "images" else "[INDEX_TABLE]") in done.errors


def test_there_is_no_official_split(index: Indexer, tmp_path: Path) -> None:
    done = index("openi", openi_csv(tmp_path / "set"), "--split", "official")
    assert done.status == 2
    assert "[INDEX_SPLIT]" in done.errors


def test_a_report_without_sections_is_read() -> None:
    study = parse_xml('<a><uId id="CXR1"/><MeSH><major>normal</major></MeSH></a>', "1.xml")
    assert (study.uid, study.images, study.mesh, study.sections.findings) == ("CXR1", (), ("normal",), "")
    with pytest.raises(DataError) as caught:
        parse_xml("", "1.xml")
    assert caught.value.code == "REPORT_UNREADABLE"
