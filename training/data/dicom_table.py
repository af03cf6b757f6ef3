"""A folder of DICOM files, and a CSV table of their reports."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.dicom.recognise import promises_image
from engine.errors import DataError, SaeRadError
from engine.inference.header_gate import header_verdict
from engine.worker.decode import new_decoder, submit_decode
from engine.worker.job import Job
from training.data.listing import Listing, Problems, Request, age_of, choose_split, sex_of, with_report
from training.data.manifest import IndexRow
from training.data.report_table import KEYS, Key, ReportTable, TableRow
from training.data.splits import Split, split_of_group

KIND = "dicom"
_SPLITS: dict[str, Split] = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validate": "val", "validation": "val",
    "test": "test",
}  # fmt: skip
_OTHER_OBJECTS = frozenset({"NOT_AN_IMAGE", "IS_DICOMDIR"})
_OTHER_FILES = frozenset({"NOT_DICOM", "ZIP_ARCHIVE"})
"""Codes of files that were never images, unless their names say so; any other means that one could not be read."""

_OTHER_IMAGES = frozenset({"NOT_A_RADIOGRAPH", "NOT_A_CHEST"})
"""Codes of the header gate for what has no place in a set of chest radiographs; side views and children have one."""


def list_dicom(request: Request, problems: Problems) -> Listing:
    """List the images below a folder: every file is opened by the engine's reader, in child processes.

    PNG and JPEG files count too where the table names them by path. A file that is no image, or by its header no
    radiograph of a chest (CT, hand), is a remark; one that cannot be read is a problem. The official split is a column
    "split" of the table.

    Raises
    ------
    UsageError
        ``INDEX_TABLE``, ``INDEX_SPLIT``.
    """
    table = ReportTable(request.reports) if request.reports is not None and not request.no_reports else None
    has_splits = table is not None and table.has_splits
    rule = choose_split(request, request.reports if has_splits else None, "the table has no column split")
    files = _files(request, problems)
    notes = (f"reports of {request.reports.name}",) if table and request.reports else ("indexed without reports",)
    # Reading is what takes long here, so that a limit must hold before it; some files may be no images.
    rows = _rows(files, request, table, problems=problems, official=rule == "official")
    return Listing(KIND, rule, rows, len(files), notes)


def _files(request: Request, problems: Problems) -> list[Path]:
    """Return every file below the root, in order of name, but hidden ones and the table of reports."""
    inside = request.root.resolve()
    found = []

    def unreadable(error: OSError) -> None:
        problems.add("FILE_UNREADABLE", str(error.filename), f"the folder cannot be read ({error.strerror})")

    for folder, names, files in os.walk(request.root, onerror=unreadable):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if name.startswith(".") or (request.reports and path.resolve() == request.reports.resolve()):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                problems.remark("INDEX_LINK", path.relative_to(request.root).as_posix(), "a link out of the folder")
                continue
            found.append(path)
    return found


def _rows(
    files: Sequence[Path], request: Request, table: ReportTable | None, *, problems: Problems, official: bool
) -> Iterator[IndexRow]:
    patients: dict[str, tuple[str, str]] = {}
    for path, outcome in _read_all(files, request.workers):
        place = path.relative_to(request.root).as_posix()
        if isinstance(outcome, SaeRadError):
            other = outcome.code in _OTHER_OBJECTS or (outcome.code in _OTHER_FILES and not promises_image(path))
            note = problems.remark if other else problems.add
            note(outcome.code, place, outcome.message)
            continue
        verdict = header_verdict(outcome)
        if verdict.code in _OTHER_IMAGES:
            problems.remark(verdict.code, place, verdict.message)
            continue
        record = _find(table, outcome, place, problems) if table else None
        if not outcome.is_dicom and record is None:
            problems.remark("INDEX_PICTURE", place, "a picture without a header that the table does not name by path")
            continue
        row = _row(outcome, place, record, problems, official=official)
        if row is None:
            continue
        _check_patient(outcome, row.patient_id, patients, place=place, problems=problems)
        yield row
    for unused in table.unused() if table else ():
        problems.remark("REPORT_UNMATCHED", unused.name, "no image belongs to this row")


def _read_all(files: Sequence[Path], workers: int) -> Iterator[tuple[Path, Radiograph | SaeRadError]]:
    """Open files in child processes, in order; a crash of a decoder costs that file only."""
    waiting: deque[tuple[Path, Job[Radiograph]]] = deque()
    with ExitStack() as stack:
        decoders = [stack.enter_context(new_decoder()) for _ in range(workers)]
        for number, path in enumerate(files):
            waiting.append((path, submit_decode(path, decoders[number % workers])))
            if len(waiting) >= 2 * workers:
                yield _outcome(*waiting.popleft())
        while waiting:
            yield _outcome(*waiting.popleft())


def _outcome(path: Path, job: Job[Radiograph]) -> tuple[Path, Radiograph | SaeRadError]:
    try:
        return path, job.result()
    except SaeRadError as error:
        return path, error


def _find(table: ReportTable, image: Radiograph, place: str, problems: Problems) -> TableRow | None:
    identity = image.identity
    keys: dict[Key, str] = dict.fromkeys(KEYS, "") | {"path": place}
    if image.is_dicom:
        keys |= {
            "sop_instance_uid": identity.sop_instance_uid,
            "study_instance_uid": identity.study_instance_uid,
            "accession_number": identity.accession_number,
            "patient_id": identity.patient_id,
        }
    try:
        record = table.find(keys)
    except DataError as error:
        problems.remark(error.code, place, error.message)
        return None
    if record is None:
        problems.remark("REPORT_MISSING", place, "no row of the table names this image, its study or its patient")
    return record


def _row(
    image: Radiograph, place: str, record: TableRow | None, problems: Problems, *, official: bool
) -> IndexRow | None:
    identity = image.identity
    stated = (
        record.values
        if record
        else dict.fromkeys(("patient_id", "study_instance_uid", "split", "view", "age", "sex"), "")
    )
    study = stated["study_instance_uid"] or identity.study_instance_uid
    patient = stated["patient_id"] or identity.patient_id
    if not patient:
        patient = study or place
        problems.remark("INDEX_NO_PATIENT", place, "no patient is named; the study counts as one")
    split = _SPLITS.get(stated["split"].lower()) if official else split_of_group(f"dicom{patient}")
    if split is None:
        problems.add("INDEX_NO_SPLIT", place, "the table names no split of this image")
        return None
    row = IndexRow(
        sample_id=identity.sop_instance_uid if image.is_dicom else place,
        source=KIND,
        path=place,
        sha256="",
        size=0,
        patient_id=patient,
        study_id=study or patient,
        split=split,
        view=(stated["view"] or image.acquisition.view_position).upper(),
        age=age_of(stated["age"] or identity.patient_age),
        sex=sex_of(stated["sex"] or identity.patient_sex),
        labels_present=record.labels("labels_present") if record else (),
        labels_absent=record.labels("labels_absent") if record else (),
        labels_uncertain=record.labels("labels_uncertain") if record else (),
    )
    return with_report(row, record.report(), record.name) if record else row


def _check_patient(
    image: Radiograph, patient: str, patients: dict[str, tuple[str, str]], *, place: str, problems: Problems
) -> None:
    """Note two patients who share an id: they stay together, so that neither is in two splits."""
    born, sex = image.identity.patient_birth_date, image.identity.patient_sex
    known_born, known_sex = patients.setdefault(patient, (born, sex))
    if (born and known_born and born != known_born) or (sex and known_sex and sex != known_sex):
        problems.remark("INDEX_PATIENTS", place, "birth date or sex differ from another image of this patient id")
    patients[patient] = (known_born or born, known_sex or sex)
