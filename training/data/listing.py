"""What every kind of data set has in common: what was asked for, what was found, and what was wrong with it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from engine.errors import SaeRadError, UsageError
from engine.export.atomic import write_atomic
from training.data.cleaning import CleanReport
from training.data.manifest import IndexRow

SplitRule = Literal["official", "hash"]


@dataclass(frozen=True)
class Request:
    """What a person asked to be indexed.

    Attributes
    ----------
    root : Path
        Folder of the data set; the manifest's paths are relative to it.
    reports : Path or None
        Folder of the reports, or for kind "dicom" their table; None: where the set itself has them.
    no_reports : bool
        There are none, and that is no fault.
    tables : Path
        Folder of the CSV tables.
    split : {"official", "hash"} or None
        None: official where the set brings lists, otherwise hash.
    limit : int or None
        Take at most this many images.
    workers : int
        Threads that read files, and processes that decode DICOM.
    """

    root: Path
    reports: Path | None = None
    no_reports: bool = False
    tables: Path = Path()
    split: SplitRule | None = None
    limit: int | None = None
    workers: int = 1


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with one file, row or patient of a data set.

    Attributes
    ----------
    code : str
        Stable, listed in ``docs/error-codes.md``.
    subject : str
        Path, or name of the row or patient.
    serious : bool
        Whether an image was left out, or a split is not to be trusted; otherwise it is a remark.
    """

    code: str
    subject: str
    message: str
    serious: bool


class Problems:
    """Collects what is wrong, and writes it beside the manifest."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, code: str, subject: str, message: str) -> None:
        """Note that an image was left out, or that a split is not to be trusted."""
        self.found.append(Problem(code, subject, message, serious=True))

    def remark(self, code: str, subject: str, message: str) -> None:
        """Note something odd that left no image out."""
        self.found.append(Problem(code, subject, message, serious=False))

    def failed(self, subject: str, error: SaeRadError) -> None:
        """Note that an image was left out because of an error."""
        self.add(error.code, subject, error.message)

    @property
    def serious(self) -> list[Problem]:
        """Those that are more than a remark."""
        return [problem for problem in self.found if problem.serious]

    def counts(self) -> dict[str, int]:
        """Return how often each code was met, most frequent first."""
        return dict(Counter(problem.code for problem in self.found).most_common())

    def write(self, path: Path) -> None:
        """Write them as CSV; where there are none, remove the file of an earlier run."""
        if not self.found:
            path.unlink(missing_ok=True)
            return
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(["code", "kind", "subject", "message"])
        for problem in self.found:
            kind = "error" if problem.serious else "remark"
            writer.writerow([problem.code, kind, problem.subject, problem.message])
        write_atomic(path, text.getvalue().encode())


@dataclass(frozen=True)
class Listing:
    """The images of a data set, as its tables list them.

    Attributes
    ----------
    source : str
        Kind of data set.
    split_rule : {"official", "hash"}
        Which one was used.
    rows : iterator of IndexRow
        Without size and hash: that each file is there is not checked yet. Read once.
    total : int or None
        How many rows there will be, where that is known.
    notes : tuple of str
        Sentences for the summary.
    """

    source: str
    split_rule: SplitRule
    rows: Iterator[IndexRow]
    total: int | None = None
    notes: tuple[str, ...] = field(default=())


def with_report(row: IndexRow, report: CleanReport, report_path: str = "") -> IndexRow:
    """Return the row with the sections of a report."""
    return replace(
        row,
        findings=report.findings,
        impression=report.impression,
        indication=report.indication,
        comparison=report.comparison,
        unsupported=report.unsupported,
        marks=report.marks,
        report_path=report_path,
    )


def is_plain_name(name: str) -> bool:
    """Whether a file name from a table names a file and nothing else: no folder, no way out of one."""
    return bool(name) and name not in (".", "..") and "\\" not in name and PurePosixPath(name).name == name


def choose_split(request: Request, official: Path | None, what: str) -> SplitRule:
    """Return the rule to use.

    Raises
    ------
    UsageError
        ``INDEX_SPLIT`` when the official one is asked for and the set does not bring it.
    """
    if request.split == "official" and official is None:
        raise UsageError("INDEX_SPLIT", f"there is no official split: {what}", "use --split hash")
    if request.split is None:
        return "hash" if official is None else "official"
    return request.split


def age_of(text: str) -> float | None:
    """Return an age in years of "58", "058Y", "011M", "30D" or "058W"; None when it is none (or over 120)."""
    text = text.strip().upper()
    years = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}.get(text[-1:])
    try:
        age = float(text) if years is None else float(text[:-1]) * years
    except ValueError:
        return None
    return age if 0 <= age <= 120 else None


def sex_of(text: str) -> str:
    """Return "M", "F", "O" or "" of what a table says."""
    first = text.strip().upper()[:1]
    return first if first in ("M", "F", "O") else ""
