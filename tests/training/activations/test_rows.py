"""The images to harvest, from a manifest, a folder or phantoms."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from tests.training.activations.toy import write_pictures
from training.activations.rows import folder_rows, manifest_rows, phantom_rows, rows_sha256
from training.data.manifest import IndexRow, write_manifest
from training.data.phantom.dataset import write_phantoms


def test_a_manifest_is_read_in_its_order(tmp_path: Path) -> None:
    listed = [
        IndexRow("a", "dicom", "p1/a.dcm", "", 9, "p1", "s", "train", labels_present=("Edema", "Pneumonia")),
        IndexRow("b", "dicom", "p1/s/b.dcm", "", 9, "p1", "s", "train"),
    ]
    path = tmp_path / "m.parquet"
    write_manifest(listed, path, source="dicom", root="root", command="index", split_rule="hash")
    first, second = manifest_rows(path, tmp_path / "root")
    assert (first.sample_id, first.name, first.split, first.patient_id) == ("a", "p1/a.dcm", "train", "p1")
    assert first.path == tmp_path / "root" / "p1" / "a.dcm" and first.labels == ("Edema", "Pneumonia")
    assert (second.sample_id, second.labels) == ("b", ())


def test_a_folder_is_searched_and_another_file_makes_another_hash(tmp_path: Path) -> None:
    write_pictures(tmp_path / "p" / "ü", 2)
    rows = folder_rows(tmp_path / "p")
    assert [row.sample_id for row in rows] == ["ü/000.png", "ü/001.png"] and all(row.size for row in rows)
    before = rows_sha256(rows)
    assert before == rows_sha256(folder_rows(tmp_path / "p"))
    with (tmp_path / "p" / "ü" / "000.png").open("ab") as file:
        file.write(b"x")
    assert rows_sha256(folder_rows(tmp_path / "p")) != before


def test_phantoms_bring_their_split_and_findings(tmp_path: Path) -> None:
    records = write_phantoms(tmp_path, 6, seed=3, size=64, progress=False)
    rows = phantom_rows(tmp_path)
    assert [row.path for row in rows] == [record.image_path for record in records]
    assert [row.split for row in rows] == [record.split for record in records]
    assert [row.patient_id for row in rows] == [record.group for record in records]
    for row, record in zip(rows, records, strict=True):
        assert {finding.observation for finding in record.findings} <= set(row.labels)
        assert row.name == f"images/{record.image_path.name}"


def test_a_folder_without_phantoms_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="PHANTOM_NONE"):
        phantom_rows(tmp_path)
