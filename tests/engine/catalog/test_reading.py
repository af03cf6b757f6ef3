"""What the index answers: patients kept apart, words found, studies opened last."""

from __future__ import annotations

import sqlite3
import stat
import sys
import threading
from pathlib import Path

import pytest

from engine.catalog import schema
from engine.catalog.look import look
from engine.catalog.reading import Catalog
from engine.errors import CatalogError
from tests.engine.pictures import picture, write_dicom

SMALL = picture(16, 16)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "index" / "catalog.sqlite")


def add(catalog: Catalog, folder: Path, **files: dict[str, object]) -> None:
    folder.mkdir(exist_ok=True)
    for name, elements in files.items():
        write_dicom(folder / f"{name}.dcm", SMALL, **elements)
    look(catalog.path, [folder])


def test_equal_names_are_two_patients_and_one_patient_is_one(catalog: Catalog, tmp_path: Path) -> None:
    smith = {"PatientName": "Smith^John", "PatientBirthDate": "19500101"}
    add(
        catalog, tmp_path / "in",
        a={**smith, "PatientID": "1", "StudyInstanceUID": "1.1", "StudyDate": "20250101"},
        b={**smith, "PatientID": "1", "PatientName": "SMITH^JOHN^^", "StudyInstanceUID": "1.2",
           "StudyDate": "20260101"},
        c={**smith, "PatientID": "2", "StudyInstanceUID": "1.3"},
        d={**smith, "PatientID": "1", "PatientBirthDate": "19900202", "StudyInstanceUID": "1.4"},
        e={**smith, "PatientID": "1", "IssuerOfPatientID": "OTHER", "StudyInstanceUID": "1.5"},
        f={**smith, "PatientID": "", "StudyInstanceUID": "1.6"},
        g={**smith, "PatientID": "", "StudyInstanceUID": "1.7"},
        h={**smith, "PatientID": "2", "PatientName": "Other^Person", "StudyInstanceUID": "1.3"},
    )  # fmt: skip
    rows = catalog.studies()
    assert len(rows) == 8 and len({row.patient for row in rows}) == 7
    one = [row for row in rows if row.patient_id == "1" and row.birth_date == "19500101"]
    assert [row.date for row in one if row.patient == one[0].patient][:2] == ["20260101", "20250101"]


def test_series_and_images_are_in_order_of_number(catalog: Catalog, tmp_path: Path) -> None:
    add(
        catalog, tmp_path / "in",
        x={"SeriesInstanceUID": "2.2", "SeriesNumber": 10, "InstanceNumber": 10, "ViewPosition": "LL"},
        y={"SeriesInstanceUID": "2.2", "SeriesNumber": 10, "InstanceNumber": 9, "ViewPosition": "PA"},
        z={"SeriesInstanceUID": "2.1", "SeriesNumber": 9, "SeriesDescription": "Chest ap"},
    )  # fmt: skip
    (study,) = catalog.studies()
    assert study.images == 3 and study.modalities == "DX"
    series = catalog.series(study.study)
    assert [(row.number, row.images) for row in series] == [(9, 1), (10, 2)]
    assert [(row.number, row.view) for row in catalog.images(series[1].series)] == [(9, "PA"), (10, "LL")]


@pytest.mark.parametrize(
    "words",
    ["mull", "MÜLL eva", "Pid-77", "20260102", "2026-01-02", "02.01.2026", "thorax", "dx", "太郎", "acc9",
     'thorax" OR "x'],
)  # fmt: skip
def test_words_are_found(catalog: Catalog, tmp_path: Path, words: str) -> None:
    add(
        catalog, tmp_path / "in",
        a={"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Eva=山田^太郎", "PatientID": "PID-77",
           "StudyDate": "20260102", "StudyDescription": "Thorax stehend", "AccessionNumber": "ACC9",
           "StudyInstanceUID": "1.1"},
        b={"PatientName": "Else^Someone", "PatientID": "OTHER", "StudyDate": "19991231", "Modality": "CR",
           "StudyInstanceUID": "1.2"},
    )  # fmt: skip
    found = catalog.studies(words)
    assert [row.patient_id for row in found] == ([] if "OR" in words else ["PID-77"])
    assert len(catalog.studies("")) == len(catalog.studies(" * - ")) == 2
    assert catalog.studies("müller else") == []


def test_the_study_opened_last_comes_first(catalog: Catalog, tmp_path: Path) -> None:
    add(
        catalog,
        tmp_path / "in",
        a={"StudyInstanceUID": "1.1", "StudyDescription": "A"},
        b={"StudyInstanceUID": "1.2", "StudyDescription": "B"},
    )
    assert catalog.recent() == []
    for name in ("a", "b", "a", "not indexed"):
        catalog.mark_opened(tmp_path / "in" / f"{name}.dcm")
    assert [row.description for row in catalog.recent()] == ["A", "B"]
    write_dicom(tmp_path / "in" / "c.dcm", SMALL, StudyInstanceUID="1.1", StudyDescription="A")
    look(catalog.path, [tmp_path / "in"])
    assert [(row.description, row.images) for row in catalog.recent()] == [("A", 2), ("B", 1)]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes mean little on Windows")
def test_nobody_else_may_read_the_index(catalog: Catalog) -> None:
    assert catalog.studies() == []
    assert stat.S_IMODE(catalog.path.stat().st_mode) == 0o600


def test_an_older_index_is_migrated_and_a_newer_one_refused(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(catalog, tmp_path / "in", a={})
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "ALTER TABLE study ADD COLUMN note TEXT"))
    assert len(catalog.studies()) == 1
    with schema.connection(catalog.path) as opened:
        assert opened.execute("SELECT note FROM study").fetchall() == [(None,)]
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert opened.execute("PRAGMA user_version").fetchone() == (2,)
    monkeypatch.undo()
    with pytest.raises(CatalogError, match="CATALOG_NEWER"):
        catalog.studies()


def test_a_migration_that_fails_changes_nothing(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(catalog, tmp_path / "in", a={})
    broken = "ALTER TABLE study ADD COLUMN note TEXT; ALTER TABLE nothing ADD COLUMN note TEXT"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(CatalogError):
        catalog.studies()
    monkeypatch.undo()
    assert len(catalog.studies()) == 1


def test_a_damaged_index_is_told(catalog: Catalog) -> None:
    catalog.path.parent.mkdir()
    catalog.path.write_bytes(b"no database" * 1000)
    with pytest.raises(CatalogError, match="CATALOG_DAMAGED"):
        catalog.studies()


def test_a_second_writer_waits_and_readers_do_not(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(catalog, tmp_path / "in", a={})
    monkeypatch.setattr(schema, "BUSY_TIMEOUT_S", 0.1)
    with schema.connection(catalog.path) as opened, schema.transaction(opened):
        opened.execute("UPDATE study SET description = 'being written'")
        assert [row.description for row in catalog.studies()] == [""]
        with pytest.raises(CatalogError, match="CATALOG_BUSY"):
            catalog.mark_opened(tmp_path / "in" / "a.dcm")
    monkeypatch.setattr(schema, "BUSY_TIMEOUT_S", 10.0)
    waiting = threading.Thread(target=catalog.mark_opened, args=(tmp_path / "in" / "a.dcm",))
    with schema.connection(catalog.path) as opened, schema.transaction(opened):
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join(10)
    assert len(catalog.recent()) == 1


def test_links_between_the_tables_are_kept(catalog: Catalog, tmp_path: Path) -> None:
    add(catalog, tmp_path / "in", a={})
    with schema.connection(catalog.path) as opened, pytest.raises(sqlite3.IntegrityError):
        opened.execute("UPDATE study SET patient = 999")
