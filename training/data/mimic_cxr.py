"""MIMIC-CXR and MIMIC-CXR-JPG as PhysioNet distributes them.

Layout (Johnson et al. 2019, doi:10.13026/4jqj-jw95 and doi:10.13026/jsn5-t979): images in
``files/p10/p10000032/s50414267/<dicom_id>.dcm`` or ``.jpg``, reports in ``files/p10/p10000032/s50414267.txt``, tables
``mimic-cxr-2.x.y-{metadata,split,chexpert,negbio}.csv.gz`` (of MIMIC-CXR-JPG) and ``cxr-record-list.csv.gz``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from engine.errors import DataError, UsageError
from engine.pack.manifest import OBSERVATIONS
from training.data.cleaning import CleanReport, clean_report
from training.data.listing import Listing, Problems, Request, choose_split, with_report
from training.data.manifest import IndexRow
from training.data.splits import Split, split_of_group
from training.data.tables import find_table, read_rows, read_text, require_table

SUFFIXES = {"mimic-cxr": ".dcm", "mimic-cxr-jpg": ".jpg"}
_OFFICIAL: dict[str, Split] = {"train": "train", "validate": "val", "test": "test"}
_NUMBER = re.compile(r"\d{1,12}")
_DICOM_ID = re.compile(r"[0-9A-Za-z._-]{1,100}")
_COLUMNS = {"dicom_id": _DICOM_ID, "subject_id": _NUMBER, "study_id": _NUMBER}
_PROBED_STUDIES = 50
# Images of a study stand near each other in the tables, so that few reports need be held.
_REPORTS_HELD = 256

# Meanings of the view code where ViewPosition is empty, as the metadata table spells them.
_VIEW_MEANINGS = {"postero-anterior": "PA", "antero-posterior": "AP", "lateral": "LATERAL", "left lateral": "LL"}

Labels = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def list_mimic(kind: str, request: Request, problems: Problems) -> Listing:
    """List the images of MIMIC-CXR ("mimic-cxr") or MIMIC-CXR-JPG ("mimic-cxr-jpg").

    Images come from the metadata table, or from the record list where that is all there is.

    Raises
    ------
    UsageError
        ``INDEX_TABLE``, ``INDEX_SPLIT``, or ``INDEX_REPORTS`` when no report is where reports should be.
    """
    records = require_table(request.tables, "mimic-cxr-*-metadata", "cxr-record-list")
    split_table = find_table(request.tables, "mimic-cxr-*-split")
    rule = choose_split(request, split_table, f"no mimic-cxr-*-split.csv(.gz) in {request.tables}")
    reports = None if request.no_reports else _report_folder(records, request)
    official = _read_splits(split_table) if split_table and rule == "official" else None
    label_table = find_table(request.tables, "mimic-cxr-*-chexpert", "mimic-cxr-*-negbio")
    notes = [] if reports else ["indexed without reports"]
    notes += [f"labels of {label_table.name}"] if label_table else ["no table of labels"]
    labels = _read_labels(label_table) if label_table else {}
    study_reports = _Reports(reports, problems)
    rows = _rows(kind, records, official, labels, reports=study_reports, problems=problems)
    total = len(official) if official is not None else None
    return Listing(kind, rule, rows, total, tuple(notes))


def _rows(
    kind: str,
    records: Path,
    official: dict[str, Split] | None,
    labels: dict[str, Labels],
    *,
    reports: _Reports,
    problems: Problems,
) -> Iterator[IndexRow]:
    patient_of_study: dict[str, str] = {}
    for record in read_rows(records, tuple(_COLUMNS)):
        dicom_id, patient, study = record["dicom_id"], record["subject_id"], record["study_id"]
        if wrong := [name for name, form in _COLUMNS.items() if not form.fullmatch(record[name])]:
            message = f"{wrong[0]} of a row of {records.name} is {record[wrong[0]]!r}, which is no {wrong[0]}"
            problems.add("INDEX_ROW", dicom_id, message)
            continue
        if patient_of_study.setdefault(study, patient) != patient:
            problems.add("INDEX_PATIENTS", dicom_id, f"study {study} is listed for another patient too")
            continue
        if official is not None and dicom_id not in official:
            problems.add("INDEX_NO_SPLIT", dicom_id, "the official split does not name this image")
            continue
        present, absent, uncertain = labels.get(study, ((), (), ()))
        folder = study_folder(patient, study)
        row = IndexRow(
            sample_id=dicom_id,
            source=kind,
            path=f"{folder}/{dicom_id}{SUFFIXES[kind]}",
            sha256="",
            size=0,
            patient_id=patient,
            study_id=study,
            split=official[dicom_id] if official is not None else split_of_group(f"mimic{patient}"),
            view=_view(record),
            labels_present=present,
            labels_absent=absent,
            labels_uncertain=uncertain,
        )
        report, report_path = reports.of(patient, study)
        yield with_report(row, report, report_path)


def study_folder(patient: str, study: str) -> str:
    """Return a study's folder, relative to the root: "files/p10/p10000032/s50414267"."""
    return f"files/p{patient[:2]}/p{patient}/s{study}"


def _view(record: dict[str, str]) -> str:
    stated = record.get("ViewPosition", "").upper()
    return stated or _VIEW_MEANINGS.get(record.get("ViewCodeSequence_CodeMeaning", "").lower(), "")


def _read_splits(path: Path) -> dict[str, Split]:
    splits = {}
    for row in read_rows(path, ("dicom_id", "split")):
        split = _OFFICIAL.get(row["split"])
        if split is None:
            raise UsageError(
                "INDEX_TABLE", f"{path.name} names a split {row['split']!r}", "check that it is the right file"
            )
        splits[row["dicom_id"]] = split
    return splits


def _read_labels(path: Path) -> dict[str, Labels]:
    """Return study → (present, absent, uncertain) of the labeller's 1, 0 and -1; an empty field is unmentioned."""
    labels: dict[str, Labels] = {}
    # A few thousand different answers for hundreds of thousands of studies: each is held once.
    shared: dict[Labels, Labels] = {}
    for row in read_rows(path, ("study_id", *OBSERVATIONS)):
        values = {name: row[name].removesuffix(".0") for name in OBSERVATIONS}
        answer: Labels = (
            tuple(name for name, value in values.items() if value == "1"),
            tuple(name for name, value in values.items() if value == "0"),
            tuple(name for name, value in values.items() if value == "-1"),
        )
        labels[row["study_id"]] = shared.setdefault(answer, answer)
    return labels


def _report_folder(records: Path, request: Request) -> Path:
    """Return the folder that holds "files/" with the reports, after looking for those of the first studies."""
    given = request.reports or request.root
    # mimic-cxr-reports.zip unpacks to "files/"; people name that folder or the one above it.
    candidates = [given, given.parent] if given.name == "files" else [given]
    for row in islice(read_rows(records, ("subject_id", "study_id")), _PROBED_STUDIES):
        path = f"{study_folder(row['subject_id'], row['study_id'])}.txt"
        for folder in candidates:
            if (folder / path).is_file():
                return folder
    raise UsageError(
        "INDEX_REPORTS",
        f"no reports of the first studies are in {given}",
        "unpack mimic-cxr-reports.zip and name its folder with --reports, or say --no-reports",
    )


class _Reports:
    """Reads and cleans the report of a study once for all its images."""

    def __init__(self, folder: Path | None, problems: Problems) -> None:
        self._folder = folder
        self._problems = problems
        self._missing: set[str] = set()
        self.of = lru_cache(maxsize=_REPORTS_HELD)(self._read)

    def _read(self, patient: str, study: str) -> tuple[CleanReport, str]:
        name = f"{study_folder(patient, study)}.txt"
        if self._folder is None:
            return CleanReport(), ""
        if not (self._folder / name).is_file():
            self._remark("REPORT_MISSING", name, "the study has no report")
            return CleanReport(), ""
        try:
            text, utf8 = read_text(self._folder / name)
        except DataError as error:
            self._remark(error.code, name, error.message)
            return CleanReport(), ""
        if not utf8:
            self._remark("REPORT_ENCODING", name, "the report is not UTF-8; it was read as Windows-1252")
        report = clean_report(text)
        if not (report.findings or report.impression or report.unsupported):
            self._remark("REPORT_EMPTY", name, "neither findings nor impression were found")
        return report, name

    def _remark(self, code: str, name: str, message: str) -> None:
        if name not in self._missing:
            self._missing.add(name)
            self._problems.remark(code, name, message)
