"""Manifests: written whole, read back equal, refused when they are not what they should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import DataError, ExportError
from training.data.manifest import SCHEMA, IndexRow, fault_of, read_info, read_manifest, write_manifest

ROW = IndexRow(
    sample_id="a",
    source="openi",
    path="images/ä.png",
    sha256="0" * 64,
    size=5_000_000_000,
    patient_id="p",
    study_id="s",
    split="val",
    view="PA",
    age=58.5,
    sex="F",
    labels_present=("Edema",),
    labels_uncertain=("Pneumonia", "Lung Opacity"),
    findings="Größe “normal”.",
    unsupported=("findings: Unchanged.",),
    marks=2,
)
FACTS = {"source": "openi", "root": "set", "command": "saerad-train index", "split_rule": "hash"}


def write(path: Path, *rows: IndexRow) -> Path:
    write_manifest(rows, path, **FACTS)
    return path


def code_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_manifest(path)
    return caught.value.code


def test_rows_are_read_back_as_written(tmp_path: Path) -> None:
    rows = [ROW, replace(ROW, sample_id="b", age=None, split="train", labels_present=(), unsupported=())]
    path = write(tmp_path / "new" / "m.parquet", *rows)
    assert read_manifest(path) == rows
    info = read_info(path)
    assert (info.source, info.root, info.split_rule) == ("openi", "set", "hash")
    assert info.counts == {"images": 2, "train": 1, "val": 1, "test": 0}
    assert [p.name for p in path.parent.iterdir()] == ["m.parquet"]


def test_columns_are_those_of_the_row() -> None:
    assert SCHEMA.names == [field.name for field in fields(IndexRow)]


def test_an_interrupted_write_keeps_the_older_manifest(tmp_path: Path) -> None:
    path = write(tmp_path / "m.parquet", ROW)

    def rows() -> Iterator[IndexRow]:
        yield replace(ROW, sample_id="b")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_manifest(rows(), path, **FACTS)
    assert read_manifest(path) == [ROW]
    assert [p.name for p in tmp_path.iterdir()] == ["m.parquet"]


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError) as caught:
        write(tmp_path / "file" / "m.parquet", ROW)
    assert caught.value.code == "EXPORT_WRITE"


def test_what_is_no_manifest_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    assert code_of(path) == "MANIFEST_MISSING"
    path.write_text("no Parquet")
    assert code_of(path) == "MANIFEST_UNREADABLE"
    pq.write_table(pa.table({"a": [1]}), path)
    assert code_of(path) == "MANIFEST_SCHEMA"


@pytest.mark.parametrize("stated", [b"[]", b"{", b'{"schema_version": 2}', b'{"schema_version": 1, "extra": 0}'])
def test_another_schema_is_refused(tmp_path: Path, stated: bytes) -> None:
    table = pq.read_table(write(tmp_path / "m.parquet", ROW))
    pq.write_table(table.replace_schema_metadata({b"saerad.manifest": stated}), tmp_path / "other.parquet")
    assert code_of(tmp_path / "other.parquet") == "MANIFEST_SCHEMA"


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.parquet", ROW)
    metadata = pq.read_metadata(path).metadata
    table = pq.read_table(path).drop_columns(["view"]).replace_schema_metadata(metadata)
    pq.write_table(table, path)
    assert code_of(path) == "MANIFEST_SCHEMA"


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.parquet", *(replace(ROW, sample_id=str(n), findings=str(n) * 50) for n in range(200)))
    content = bytearray(path.read_bytes())
    content[100:200] = bytes(100)
    path.write_bytes(content)
    assert code_of(path) in ("MANIFEST_UNREADABLE", "MANIFEST_ROW")


FAULTS: list[dict[str, object]] = [
    {"sample_id": ""},
    {"patient_id": ""},
    {"split": "dev"},
    {"path": "/etc/passwd"},
    {"path": "../x.png"},
    {"path": "a\\b.png"},
    {"path": ""},
    {"sha256": "xyz"},
    {"size": -1},
    {"marks": -1},
    {"age": 200.0},
]


@pytest.mark.parametrize("change", FAULTS)
def test_a_row_that_breaks_a_rule_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    row = replace(ROW, **change)  # type: ignore[arg-type]
    assert fault_of(row)
    assert code_of(write(tmp_path / "m.parquet", row)) == "MANIFEST_ROW"


def test_two_rows_of_one_name_are_refused(tmp_path: Path) -> None:
    assert fault_of(ROW) == ""
    assert code_of(write(tmp_path / "m.parquet", ROW, ROW)) == "MANIFEST_ROW"
