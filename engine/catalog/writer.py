"""Write images into the index: patient, study and series are made where needed, and go when nothing is left in them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.catalog.header import Entry
from engine.catalog.sources import Source


@dataclass(frozen=True)
class Seen:
    """A file that was looked at: an image's entry, or the code for which it is none."""

    source: Source
    entry: Entry | None
    code: str = ""


class Writer:
    """Writes inside the caller's transaction.

    Parameters
    ----------
    opened : sqlite3.Connection
    """

    def __init__(self, opened: sqlite3.Connection) -> None:
        self._db = opened
        self._touched: set[int] = set()

    def write(self, seen: Iterable[Seen]) -> None:
        """Add files, or replace what is known of them."""
        for item in seen:
            source = item.source
            row = (os.fsencode(source.path), source.member, *source.stamp, item.code)
            file = self._id(
                "INSERT INTO file (path, member, size, mtime_ns, code) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (path, member) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,"
                " code = excluded.code RETURNING id",
                row,
            )
            self._db.execute("DELETE FROM instance WHERE file = ?", (file,))
            if item.entry is not None:
                self._instance(file, item.entry)

    def forget(self, files: Sequence[int]) -> None:
        """Take files out of the index that are there no longer."""
        self._db.executemany("DELETE FROM file WHERE id = ?", [(file,) for file in files])

    def finish(self) -> None:
        """Leave nothing empty behind, and make what is written findable."""
        self._db.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM instance)")
        self._db.execute("DELETE FROM study WHERE id NOT IN (SELECT study FROM series)")
        self._db.execute("DELETE FROM patient WHERE id NOT IN (SELECT patient FROM study)")
        self._db.execute("DELETE FROM study_text WHERE rowid NOT IN (SELECT id FROM study)")
        for study in self._touched:
            self._index_text(study)
        self._touched.clear()

    def _instance(self, file: int, entry: Entry) -> None:
        patient = self._id(
            "INSERT INTO patient (key, identified, patient_id, name, birth_date, sex) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET sex = excluded.sex RETURNING id",
            (entry.patient_key, entry.identified, entry.patient_id, entry.name, entry.birth_date, entry.sex),
        )
        study = self._id(
            "INSERT INTO study (patient, uid, date, time, description, accession) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (patient, uid) DO UPDATE SET date = excluded.date, time = excluded.time,"
            " description = excluded.description, accession = excluded.accession RETURNING id",
            (patient, entry.study_uid, entry.study_date, entry.study_time, entry.study_description, entry.accession),
        )
        series = self._id(
            "INSERT INTO series (study, uid, number, modality, description, body_part) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (study, uid) DO UPDATE SET number = excluded.number RETURNING id",
            (
                study,
                entry.series_uid,
                entry.series_number,
                entry.modality,
                entry.series_description,
                entry.body_part,
            ),
        )
        self._db.execute(
            'INSERT INTO instance (series, file, uid, number, "view", laterality) VALUES (?, ?, ?, ?, ?, ?)',
            (series, file, entry.uid, entry.number, entry.view, entry.laterality),
        )
        self._touched.add(study)

    def _index_text(self, study: int) -> None:
        row = self._db.execute(
            "SELECT p.name, p.patient_id, s.date, s.description, s.accession, group_concat(e.modality, ' '),"
            " group_concat(e.description, ' '), group_concat(e.body_part, ' ')"
            " FROM study s JOIN patient p ON p.id = s.patient JOIN series e ON e.study = s.id WHERE s.id = ?",
            (study,),
        ).fetchone()
        date = str(row[2])
        year, month, day = date[:4], date[4:6], date[6:8]
        words = [*(str(value) for value in row if value), f"{year}-{month}-{day}", f"{day}.{month}.{year}"]
        self._db.execute("DELETE FROM study_text WHERE rowid = ?", (study,))
        self._db.execute("INSERT INTO study_text (rowid, words) VALUES (?, ?)", (study, " ".join(words)))

    def _id(self, statement: str, values: Sequence[object]) -> int:
        return int(self._db.execute(statement, values).fetchone()[0])
