"""Ask the index for earlier radiographs under a patient ID; whose they are is for the asker to check."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.catalog.schema import connection
from engine.dicom.radiograph import Identity

MOST_IMAGES = 40
RADIOGRAPHY = ("CR", "DX", "RG")


@dataclass(frozen=True)
class EarlierImage:
    """An image as the index knows it.

    Attributes
    ----------
    path : Path
        By which `engine.dicom.files.read_radiograph` opens it; the file may be gone.
    identity : Identity
        What the index keeps of it; the name in small letters.
    body_part : str
        Body Part Examined of its series.
    """

    path: Path
    identity: Identity
    body_part: str


def earlier_images(index: Path, who: Identity, most: int = MOST_IMAGES) -> list[EarlierImage]:
    """Return radiographs of other studies under the patient ID of `who` that are older than its study, newest first.

    Equal IDs are no proof: hospitals share numbers, and a number may be mistyped. Compare the rest before one is shown.

    Parameters
    ----------
    index : Path
        The SQLite file.
    who : Identity
        Without patient ID or study date nothing is found.
    most : int
        No more than so many.

    Raises
    ------
    CatalogError
        As `engine.catalog.schema.connection`.
    """
    if not who.patient_id or not who.study_date:
        return []
    with connection(index) as opened:
        rows = opened.execute(
            'SELECT f.path, f.member, i.uid, i.number, i."view", e.uid, e.modality, e.body_part,'
            " s.uid, s.date, s.time, p.key, p.birth_date"
            " FROM patient p JOIN study s ON s.patient = p.id JOIN series e ON e.study = s.id"
            " JOIN instance i ON i.series = e.id JOIN file f ON f.id = i.file"
            " WHERE p.patient_id = ? AND s.uid != ? AND s.date != '' AND (s.date, s.time) < (?, ?)"
            f" AND e.modality IN ({', '.join('?' * len(RADIOGRAPHY))})"
            " ORDER BY s.date DESC, s.time DESC, s.id, e.number, i.number, f.path, f.member LIMIT ?",
            (who.patient_id, who.study_instance_uid, who.study_date, who.study_time, *RADIOGRAPHY, most),
        ).fetchall()
    return [_image(who.patient_id, row) for row in rows]


def _image(patient_id: str, row: tuple[object, ...]) -> EarlierImage:
    path, member, uid, number, view, series, modality, part, study, date, time, key, born = row
    file = Path(os.fsdecode(path))  # type: ignore[arg-type]
    # See `engine.catalog.header.patient_key`.
    _, issuer, _, name, _ = str(key).split("\n")
    identity = Identity(
        sop_instance_uid=str(uid),
        study_instance_uid=str(study),
        series_instance_uid=str(series),
        patient_id=patient_id,
        patient_id_issuer=issuer,
        patient_name=name,
        patient_birth_date=str(born),
        study_date=str(date),
        study_time=str(time),
        instance_number="" if number is None else str(number),
        modality=str(modality),
        view_position=str(view),
    )
    return EarlierImage(file / str(member) if member else file, identity, str(part))
