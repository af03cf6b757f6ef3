"""The images to harvest, from a manifest, a folder or phantoms."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import SaeRadError
from tests.training.activations.toy import write_pictures
from training.activations.rows import folder_rows, manifest_rows, phantom_rows, rows_sha256
from training.data.phantom.dataset import write_phantoms

COLUMNS: dict[str, list[object]] = {
    "sample_id": ["a", "b"],
    "path": ["p1/a.dcm", "p1/s/b.dcm"],
    "split": ["train", None],
    "patient_id": ["p1", "p1"],
    "labels_present": [["Edema", "Pneumonia"], None],
    "report": ["not", "read"],
}


def write(to: Path, **changes: list[object] | None) -> Path:
    columns = {name: value for name, value in (COLUMNS | changes).items() if value is not None}
    pq.write_table(pa.table(columns), to)
    return to


def test_a_manifest_is_read_in_its_order(tmp_path: Path) -> None:
    first, second = manifest_rows(write(tmp_path / "m.parquet"), tmp_path / "root")
    assert (first.sample_id, first.name, first.split, first.patient_id) == ("a", "p1/a.dcm", "train", "p1")
    assert first.path == tmp_path / "root" / "p1" / "a.dcm" and first.labels == ("Edema", "Pneumonia")
    assert (second.split, second.labels) == ("", ())


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"path": ["a.dcm", "../b.dcm"]}, "below the root"),
        ({"path": ["a.dcm", "/b.dcm"]}, "below the root"),
        ({"path": ["a.dcm", ""]}, "below the root"),
        ({"sample_id": ["a", "a"]}, "more than once"),
        ({"split": None}, "no column split"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, list[object] | None], word: str
) -> None:
    with pytest.raises(SaeRadError, match=word) as error:
        manifest_rows(write(tmp_path / "m.parquet", **changes), tmp_path)
    assert error.value.code == "HARVEST_MANIFEST"


def test_what_is_no_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.parquet").write_text("sample_id,path")
    for path in (tmp_path / "m.parquet", tmp_path / "gone.parquet"):
        with pytest.raises(SaeRadError, match="cannot be read") as error:
            manifest_rows(path, tmp_path)
        assert error.value.code == "HARVEST_MANIFEST"


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
