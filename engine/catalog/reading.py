"""Ask the index: studies found by words or opened last, their series and images."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.catalog.schema import connection, transaction
from engine.dicom.archive import split_member


@dataclass(frozen=True)
class StudyRow:
    """A study with its patient; texts as in `engine.catalog.header.Entry`, modalities joined by a comma.

    Attributes
    ----------
    patient : int
        Equal for studies of one patient only.
    identified : bool
        False for a folder of pictures without a DICOM header.
    images : int
        How many the index knows.
    """

    study: int
    patient: int
    identified: bool
    name: str
    patient_id: str
    birth_date: str
    sex: str
    date: str
    time: str
    description: str
    accession: str
    modalities: str
    images: int


@dataclass(frozen=True)
class SeriesRow:
    """A series."""

    series: int
    number: int | None
    modality: str
    description: str
    body_part: str
    images: int


@dataclass(frozen=True)
class ImageRow:
    """An image and the path by which `engine.dicom.files.read_radiograph` opens it."""

    path: Path
    uid: str
    number: int | None
    view: str
    laterality: str


_STUDIES = (
    "SELECT s.id, p.id, p.identified, p.name, p.patient_id, p.birth_date, p.sex, s.date, s.time, s.description,"
    " s.accession, group_concat(DISTINCT e.modality), count(i.id)"
    " FROM study s JOIN patient p ON p.id = s.patient JOIN series e ON e.study = s.id"
    " JOIN instance i ON i.series = e.id WHERE {where} GROUP BY s.id ORDER BY {order} LIMIT ?"
)
_BY_PATIENT = "p.name COLLATE NOCASE, p.patient_id, p.id, s.date DESC, s.time DESC, s.id"
MOST_STUDIES = 2000


class Catalog:
    """The index for readers; each call opens it, so that any thread may ask.

    Parameters
    ----------
    path : Path
        The SQLite file, made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def studies(self, words: str = "", most: int = MOST_STUDIES) -> list[StudyRow]:
        """Return studies, those of a patient together, newest first.

        Parameters
        ----------
        words : str
            Beginnings of words, all of which must stand in name, patient ID, date (``20260102``, ``2026-01-02`` or
            ``02.01.2026``), description, accession number, modality or body part; without regard to case and accents.
        most : int
            No more than so many.
        """
        query = " ".join(f'"{word}"*' for word in words.replace('"', " ").split() if any(c.isalnum() for c in word))
        where = "s.id IN (SELECT rowid FROM study_text WHERE study_text MATCH ?)" if query else "true"
        given = (query,) if query else ()
        return self._studies(where, _BY_PATIENT, (*given, most))

    def recent(self, most: int = 20) -> list[StudyRow]:
        """Return the studies that were opened, the last one first."""
        return self._studies("s.opened IS NOT NULL", "s.opened DESC", (most,))

    def series(self, study: int) -> list[SeriesRow]:
        """Return the series of a study by number."""
        with connection(self.path) as opened:
            rows = opened.execute(
                "SELECT e.id, e.number, e.modality, e.description, e.body_part, count(i.id) FROM series e"
                " JOIN instance i ON i.series = e.id WHERE e.study = ? GROUP BY e.id ORDER BY e.number, e.id",
                (study,),
            )
            return [SeriesRow(*row) for row in rows]

    def images(self, series: int) -> list[ImageRow]:
        """Return the images of a series by number."""
        with connection(self.path) as opened:
            rows = opened.execute(
                'SELECT f.path, f.member, i.uid, i.number, i."view", i.laterality FROM instance i'
                " JOIN file f ON f.id = i.file WHERE i.series = ? ORDER BY i.number, f.path, f.member",
                (series,),
            )
            return [ImageRow(_path(row[0], row[1]), *row[2:]) for row in rows]

    def other_objects(self, images: Iterable[Path], most: int = 500) -> list[Path]:
        """Return DICOM objects that are no images, such as reports, in the folders or archives of some images."""
        folders = {
            os.fsencode((split_member(image) or (image, ""))[0].parent) + os.fsencode(os.sep) for image in images
        }
        found: list[Path] = []
        with connection(self.path) as opened:
            for below in sorted(folders):
                rows = opened.execute(
                    "SELECT path, member FROM file WHERE code = 'NOT_AN_IMAGE' AND path >= ? AND path < ?"
                    " ORDER BY path, member LIMIT ?",
                    (below, below[:-1] + bytes([below[-1] + 1]), most - len(found)),
                )
                found += [_path(row[0], row[1]) for row in rows]
        return list(dict.fromkeys(found))

    def mark_opened(self, image: Path) -> None:
        """Note that an image was shown now; its study is a recent one then. Unknown images are no matter."""
        with connection(self.path) as opened, transaction(opened):
            opened.execute(
                "UPDATE study SET opened = ? WHERE id IN (SELECT e.study FROM series e"
                " JOIN instance i ON i.series = e.id JOIN file f ON f.id = i.file"
                " WHERE f.path = ? OR (f.path = ? AND f.member = ?))",
                (time.time(), os.fsencode(image), *_member_of(image)),
            )

    def _studies(self, where: str, order: str, given: tuple[object, ...]) -> list[StudyRow]:
        with connection(self.path) as opened:
            rows = opened.execute(_STUDIES.format(where=where, order=order), given)
            return [StudyRow(row[0], row[1], bool(row[2]), *row[3:]) for row in rows]


def _path(path: bytes, member: str) -> Path:
    file = Path(os.fsdecode(path))
    return file / member if member else file


def _member_of(image: Path) -> tuple[bytes, str]:
    archive, member = split_member(image) or (image, "")
    return os.fsencode(archive), member
