"""The manifest: one Parquet file that lists the images of a data set, with their reports, labels and splits."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import DataError
from engine.export.atomic import atomic_path
from training.data.splits import SPLITS, Split

SCHEMA_VERSION = 1
_KEY = b"saerad.manifest"
_ROWS_A_GROUP = 8192
_SHA256 = re.compile(r"[0-9a-f]{64}|")


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One image of a data set.

    Attributes
    ----------
    sample_id : str
        Unique and stable: the set's own name of the image.
    source : str
        Kind of data set: "mimic-cxr", "mimic-cxr-jpg", "openi", "nih-cxr14", "dicom".
    path : str
        POSIX path of the image, relative to the root of the data set.
    sha256 : str
        Of the file, 64 hexadecimal digits; empty when it was not asked for.
    size : int
        Of the file, in bytes.
    patient_id, study_id : str
        The set's own.
    split : {"train", "val", "test"}
        All images of a patient are in one.
    view : str
        DICOM View Position ("PA", "AP", "LL", "LATERAL", …); "FRONTAL" where a set says no more; empty when unknown.
    age : float or None
        In years.
    sex : str
        "M", "F", "O" or empty.
    labels_present, labels_absent, labels_uncertain : tuple of str
        CheXpert names where the set has them, otherwise the set's own. A name in none of the three is unknown.
    findings, impression, indication, comparison : str
        Sections of the cleaned report.
    unsupported : tuple of str
        Sentences that were set apart, each after its section: "findings: The effusion has increased."
    marks : int
        De-identification marks in the report's sections.
    report_path : str
        POSIX path of the report, relative to the root of the data set or, where they lie elsewhere, of the reports; of
        a table its name and line.
    """

    sample_id: str
    source: str
    path: str
    sha256: str
    size: int
    patient_id: str
    study_id: str
    split: Split
    view: str = ""
    age: float | None = None
    sex: str = ""
    labels_present: tuple[str, ...] = ()
    labels_absent: tuple[str, ...] = ()
    labels_uncertain: tuple[str, ...] = ()
    findings: str = ""
    impression: str = ""
    indication: str = ""
    comparison: str = ""
    unsupported: tuple[str, ...] = ()
    marks: int = 0
    report_path: str = ""


_TYPES: dict[str, pa.DataType] = {"size": pa.int64(), "age": pa.float32(), "marks": pa.int32()}
_LISTS = ("labels_present", "labels_absent", "labels_uncertain", "unsupported")
_NAMES = tuple(field.name for field in fields(IndexRow))
SCHEMA = pa.schema(
    [
        pa.field(name, pa.list_(pa.string()) if name in _LISTS else _TYPES.get(name, pa.string()), name == "age")
        for name in _NAMES
    ]
)


@dataclass(frozen=True)
class ManifestInfo:
    """What a manifest says of itself.

    Attributes
    ----------
    source : str
        Kind of data set.
    root : str
        Name of the data set's folder, without the path to it.
    command : str
        Command that wrote the manifest.
    split_rule : str
        "official" or "hash".
    counts : mapping of str to int
        Images in all ("images") and in each split.
    """

    source: str
    root: str
    command: str
    split_rule: str
    counts: Mapping[str, int]


def write_manifest(
    rows: Iterable[IndexRow], path: Path, *, source: str, root: str, command: str, split_rule: str
) -> ManifestInfo:
    """Write a manifest row by row: to a temporary name in the same folder, flushed to disk, then renamed.

    Memory holds a few thousand rows at a time. When `rows` raises, nothing is left behind and an older manifest stays.

    Returns
    -------
    ManifestInfo
        As written.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE`` if the folder or the disk does not take it.
    """
    counts: Counter[str] = Counter(images=0, **dict.fromkeys(SPLITS, 0))
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
        remaining = iter(rows)
        while group := list(islice(remaining, _ROWS_A_GROUP)):
            counts["images"] += len(group)
            counts.update(row.split for row in group)
            writer.write_table(_table(group))
        info = ManifestInfo(source, root, command, split_rule, dict(counts))
        writer.add_key_value_metadata({_KEY: json.dumps({"schema_version": SCHEMA_VERSION, **asdict(info)})})
    return info


def _table(rows: list[IndexRow]) -> pa.Table:
    columns = [pa.array([getattr(row, field.name) for row in rows], field.type) for field in SCHEMA]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def read_manifest(path: Path) -> list[IndexRow]:
    """Read and check a manifest.

    Raises
    ------
    DataError
        ``MANIFEST_MISSING``, ``MANIFEST_UNREADABLE``, ``MANIFEST_SCHEMA`` (another version, or other columns) or
        ``MANIFEST_ROW`` (a row that breaks a rule of `IndexRow`).
    """
    return list(_checked(_rows(path)))


def read_info(path: Path) -> ManifestInfo:
    """Read what a manifest says of itself, without its rows; raises as `read_manifest`."""
    with _opened(path) as file:
        return _info(file)


def _opened(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        raise DataError("MANIFEST_MISSING", f"there is no file {path}", "write one with 'saerad-train index'")
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = str(error).partition("\n")[0]
    return DataError("MANIFEST_UNREADABLE", f"{path.name} is no readable Parquet file ({reason})", "write it again")


def _info(file: pq.ParquetFile) -> ManifestInfo:
    try:
        stated: dict[str, Any] = json.loads((file.metadata.metadata or {})[_KEY])
        version = stated.pop("schema_version")
        info = ManifestInfo(**stated) if version == SCHEMA_VERSION else None
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError(
            "MANIFEST_SCHEMA",
            "the Parquet file is not a manifest of images",
            "name one written by 'saerad-train index'",
        ) from error
    if info is None:
        raise DataError(
            "MANIFEST_SCHEMA",
            f"the manifest has schema version {version}, this program reads {SCHEMA_VERSION}",
            "write it again with this version of 'saerad-train index'",
        )
    if not file.schema_arrow.remove_metadata().equals(SCHEMA):
        raise DataError("MANIFEST_SCHEMA", "the manifest has other columns than it should", "write it again")
    return info


def _rows(path: Path) -> Iterator[IndexRow]:
    with _opened(path) as file:
        _info(file)
        try:
            for batch in file.iter_batches(batch_size=_ROWS_A_GROUP):
                for values in batch.to_pylist():
                    yield IndexRow(**values | {name: tuple(values[name] or ()) for name in _LISTS})
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from error


def _checked(rows: Iterable[IndexRow]) -> Iterator[IndexRow]:
    seen: set[str] = set()
    for row in rows:
        fault = "two rows have this sample_id" if row.sample_id in seen else fault_of(row)
        if fault:
            raise DataError("MANIFEST_ROW", f"row {row.sample_id!r}: {fault}", "write the manifest again")
        seen.add(row.sample_id)
        yield row


def fault_of(row: IndexRow) -> str:
    """Say which rule of `IndexRow` a row breaks first; "" when it is sound."""
    rules = (
        *((bool(getattr(row, name)), f"{name} is empty") for name in ("sample_id", "patient_id", "study_id", "source")),
        (row.split in SPLITS, f"split is {row.split!r}, which is none of {', '.join(SPLITS)}"),
        (is_inside(row.path), f"path is {row.path!r}, which does not lie below the root of the data set"),
        (_SHA256.fullmatch(row.sha256) is not None, f"sha256 is {row.sha256!r}, not 64 hexadecimal digits"),
        *(
            (value >= 0, f"{name} is {value}, less than 0")
            for name, value in (("size", row.size), ("marks", row.marks))
        ),
        (row.age is None or 0 <= row.age <= 120, f"age is {row.age}, which is no age in years"),
    )
    return next((fault for sound, fault in rules if not sound), "")


def is_inside(path: str) -> bool:
    """Whether a relative POSIX path stays below its root."""
    parts = PurePosixPath(path)
    return bool(path) and not parts.is_absolute() and ".." not in parts.parts and "\\" not in path
