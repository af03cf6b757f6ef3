"""A CSV table of reports and the way from an image to its row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import DataError, UsageError
from engine.text.sections import Sections
from training.data.cleaning import CleanReport, clean_report, clean_sections
from training.data.tables import header_of, read_rows

Key = Literal["path", "sop_instance_uid", "study_instance_uid", "accession_number", "patient_id"]
KEYS: tuple[Key, ...] = ("path", "sop_instance_uid", "study_instance_uid", "accession_number", "patient_id")
"""What a row may name an image by, the most specific first."""

_ALIASES: dict[str, tuple[str, ...]] = {
    "path": ("path", "file", "filename", "filepath", "image", "imagepath", "dicompath"),
    "sop_instance_uid": ("sopinstanceuid", "instanceuid", "imageuid", "sopuid"),
    "study_instance_uid": ("studyinstanceuid", "studyuid"),
    "accession_number": ("accessionnumber", "accession", "accessionno"),
    "patient_id": ("patientid", "patient", "subjectid", "mrn"),
    "report": ("report", "reporttext", "text", "fulltext"),
    "findings": ("findings",),
    "impression": ("impression", "conclusion"),
    "indication": ("indication", "history", "clinicalhistory"),
    "comparison": ("comparison",),
    "split": ("split", "fold", "subset"),
    "view": ("view", "viewposition"),
    "age": ("age", "patientage"),
    "sex": ("sex", "gender", "patientsex"),
    "labels_present": ("labelspresent", "labels", "findinglabels"),
    "labels_absent": ("labelsabsent",),
    "labels_uncertain": ("labelsuncertain",),
}


@dataclass(frozen=True, eq=False)
class TableRow:
    """A row of the table.

    Attributes
    ----------
    name : str
        File and line, for messages.
    values : mapping of str to str
        By the names of `_ALIASES`, "" where the table says nothing.
    """

    name: str
    values: Mapping[str, str]

    def labels(self, name: str) -> tuple[str, ...]:
        """Return a column of labels, which are separated by "|" or ";"."""
        return tuple(label.strip() for label in re.split(r"[|;]", self.values[name]) if label.strip())

    def report(self) -> CleanReport:
        """Return the cleaned report, of its columns of sections or of one text."""
        sections = {name: self.values[name] for name in ("findings", "impression", "indication", "comparison")}
        if sections["findings"] or sections["impression"]:
            return clean_sections(Sections(**sections))
        return clean_report(self.values["report"])


class ReportTable:
    """The rows of a table of reports, each found under the most specific key that it states.

    A row with a StudyInstanceUID is never found by its PatientID: that could join another study's report.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UsageError
        ``INDEX_TABLE`` if the file cannot be read, has no key or no column of reports.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise UsageError(
                "INDEX_TABLE", f"there is no file {path}", "name the CSV file of the reports with --reports"
            )
        columns = self._columns(path)
        self.has_splits = "split" in columns
        self._rows: dict[tuple[Key, str], list[TableRow]] = {}
        self._unused: dict[str, TableRow] = {}
        for number, record in enumerate(read_rows(path, ()), start=2):
            values = {name: record[columns[name]] if name in columns else "" for name in _ALIASES}
            values["path"] = values["path"].replace("\\", "/").removeprefix("./")
            row = TableRow(f"{path.name}:{number}", values)
            self._unused[row.name] = row
            key = next(((key, values[key]) for key in KEYS if values[key]), None)
            if key is not None:
                self._rows.setdefault(key, []).append(row)

    @staticmethod
    def _columns(path: Path) -> dict[str, str]:
        """Return which column of the file stands for which name."""
        by_plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in header_of(path)}
        columns = {
            name: by_plain[found]
            for name, aliases in _ALIASES.items()
            if (found := next((alias for alias in aliases if alias in by_plain), None)) is not None
        }
        if not any(key in columns for key in KEYS):
            raise UsageError(
                "INDEX_TABLE", f"{path.name} has no column that names an image", f"add one of {', '.join(KEYS)}"
            )
        if not any(name in columns for name in ("report", "findings", "impression")):
            raise UsageError(
                "INDEX_TABLE", f"{path.name} has no column of reports", "call it report, or findings and impression"
            )
        return columns

    def find(self, keys: Mapping[Key, str]) -> TableRow | None:
        """Return the row of an image; None where there is none.

        Raises
        ------
        DataError
            ``REPORT_AMBIGUOUS`` if several rows claim the image and differ: no report is better than a wrong one.
        """
        for key in KEYS:
            rows = self._rows.get((key, keys[key]), []) if keys[key] else []
            for row in rows:
                self._unused.pop(row.name, None)
            if len({tuple(row.values.values()) for row in rows}) > 1:
                names = ", ".join(row.name for row in rows[:3])
                raise DataError("REPORT_AMBIGUOUS", f"several different rows name this image by its {key}: {names}")
            if rows:
                return rows[0]
        return None

    def unused(self) -> list[TableRow]:
        """Return the rows that no image has asked for."""
        return list(self._unused.values())
