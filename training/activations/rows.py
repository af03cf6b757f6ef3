"""The images to harvest: from a manifest, a folder or a set of phantoms."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.dicom.files import find_images
from training.data.manifest import read_manifest


@dataclass(frozen=True)
class HarvestRow:
    """One image.

    Attributes
    ----------
    sample_id : str
        Unique in the store.
    path : Path
        File that is opened.
    name : str
        Path below the root, as the store remembers it: a store may move to another machine.
    split, patient_id : str
        Empty where unknown.
    labels : tuple of str
        Observations that are present.
    size : int
        Bytes, for images that no manifest vouches for; else 0.
    """

    sample_id: str
    path: Path
    name: str
    split: str = ""
    patient_id: str = ""
    labels: tuple[str, ...] = ()
    size: int = 0


def rows_sha256(rows: Sequence[HarvestRow]) -> str:
    """Return one hash of which images these are, wherever they lie."""
    digest = hashlib.sha256()
    for row in rows:
        fields = [row.sample_id, row.name, row.split, row.patient_id, row.labels, row.size]
        digest.update(json.dumps(fields).encode() + b"\n")
    return digest.hexdigest()


def manifest_rows(manifest: Path, root: Path) -> list[HarvestRow]:
    """Read the rows of a manifest, in its order; raises as :func:`training.data.manifest.read_manifest`.

    Parameters
    ----------
    root : Path
        Folder that the manifest's paths are relative to.
    """
    return [
        HarvestRow(row.sample_id, root / row.path, row.path, row.split, row.patient_id, row.labels_present)
        for row in read_manifest(manifest)
    ]


def folder_rows(folder: Path) -> list[HarvestRow]:
    """Return every image below a folder, in order of path; nothing is known of them but their names."""
    rows = []
    for path in find_images([folder]):
        name = _text(path.relative_to(folder))
        rows.append(HarvestRow(name, path, name, size=path.stat().st_size))
    return rows


def phantom_rows(folder: Path) -> list[HarvestRow]:
    """Return the phantoms of a set written by ``saerad-train phantom`` that may be trained on."""
    # Imported here: it knows labels, findings and drawings, none of which a harvest of files needs.
    from training.corpus import phantom_samples  # noqa: PLC0415

    return [
        HarvestRow(
            sample_id=sample.case.key,
            path=sample.path,
            name=_text(sample.path.relative_to(folder)),
            split=sample.case.split,
            patient_id=sample.case.group,
            labels=tuple(sorted({claim.observation for claim in sample.case.claims})),
            size=sample.path.stat().st_size,
        )
        for sample in phantom_samples(folder)
    ]


def _text(path: Path) -> str:
    """Return a relative path as text with forward slashes; bytes that are no UTF-8 are written out."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")
