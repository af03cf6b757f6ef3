"""Pairs of a candidate report and its reference, from tables or from RadFact's grounded format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from engine.errors import UsageError
from engine.text.lexicon import Lexicon
from engine.text.sections import extract_sections
from training.data.tables import header_of, read_rows
from training.evaluation.report_metrics.boxes import Box
from training.evaluation.report_metrics.radfact import GroundedPhrase, grounded, phrases_of

_IDS = ("id", "studyid", "exampleid", "reportid", "uid", "imageid", "accessionnumber", "studyinstanceuid", "dicomid")
_GROUPS = ("patientid", "subjectid", "patient", "subject")
_TEXTS = ("report", "text", "prediction", "candidate", "hypothesis", "generated", "target", "reference")
_SECTIONS = ("findings", "impression")


@dataclass(frozen=True)
class ReportPair:
    """A candidate and its reference.

    Attributes
    ----------
    group : str
        What is resampled whole: the patient, where the references name one, else the report.
    candidate_phrases, reference_phrases : tuple of GroundedPhrase
        The phrases that the judge is asked about.
    """

    name: str
    group: str
    candidate: str
    reference: str
    candidate_phrases: tuple[GroundedPhrase, ...]
    reference_phrases: tuple[GroundedPhrase, ...]


class _Phrase(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    text: str
    boxes: tuple[Box, ...] | None = None


class _Example(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    example_id: int | str
    prediction: tuple[_Phrase, ...]
    target: tuple[_Phrase, ...]


def read_tables(candidates: Path, references: Path, lexicon: Lexicon) -> list[ReportPair]:
    """Pair the reports of two CSV files by their ids, in the references' order.

    A file has a column of ids (``id``, ``study_id``, ``uid``, …) and either ``findings`` and ``impression`` or one
    column of text (``report``, ``text``, …), of which the findings and the impression are taken.

    Raises
    ------
    UsageError
        ``INDEX_TABLE`` if a file cannot be read, ``REPORTS_COLUMNS`` if it lacks such columns, ``REPORTS_UNPAIRED`` if
        an id is missing in one of them or stands twice.
    """
    own, _ = _read(candidates)
    true, groups = _read(references)
    missing = sorted(own.keys() ^ true.keys())
    if missing or not true:
        what = f"only one of them has {', '.join(missing[:3])}" if missing else "there is no report in them"
        raise UsageError(
            "REPORTS_UNPAIRED",
            f"{candidates.name} and {references.name} are not of the same reports: {what}"
            + (f" and {len(missing) - 3} more" if len(missing) > 3 else ""),
            "give every id once in both files; a report may be empty",
        )
    return [
        ReportPair(
            name,
            groups[name],
            own[name],
            text,
            tuple(phrases_of(own[name], lexicon)),
            tuple(phrases_of(text, lexicon)),
        )
        for name, text in true.items()
    ]


def read_grounded(path: Path, lexicon: Lexicon) -> list[ReportPair]:
    """Read pairs of reports that are divided into phrases, some with boxes, as RadFact takes them.

    Raises
    ------
    UsageError
        ``REPORTS_GROUNDED`` if the file cannot be read or is of another form.
    """
    try:
        examples = TypeAdapter(tuple[_Example, ...]).validate_json(path.read_bytes())
        if not examples:
            raise ValueError("it holds no example")
    except (OSError, ValueError, ValidationError) as error:
        raise UsageError(
            "REPORTS_GROUNDED", f"{path.name} is no file of grounded reports ({error})", "see docs/report-evaluation.md"
        ) from error
    return [
        ReportPair(
            str(example.example_id),
            str(example.example_id),
            " ".join(phrase.text for phrase in example.prediction),
            " ".join(phrase.text for phrase in example.target),
            tuple(grounded(phrase.text, phrase.boxes, lexicon) for phrase in example.prediction),
            tuple(grounded(phrase.text, phrase.boxes, lexicon) for phrase in example.target),
        )
        for example in examples
    ]


def _read(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return text and group of every id."""
    columns = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in header_of(path)}
    key, group = _first(_IDS, columns), _first(_GROUPS, columns)
    sections = [columns[name] for name in _SECTIONS if name in columns]
    text = _first(_TEXTS, columns)
    if key is None or not (sections or text):
        what = "of ids" if key is None else "of reports"
        raise UsageError(
            "REPORTS_COLUMNS",
            f"{path.name} has no column {what}",
            "call them id, and report or findings and impression",
        )
    texts: dict[str, str] = {}
    groups: dict[str, str] = {}
    for row in read_rows(path, ()):
        name = row[key]
        if name in texts or not name:
            what = f"the id {name} twice" if name else "a report without an id"
            raise UsageError("REPORTS_UNPAIRED", f"{path.name} has {what}", "give every report one id")
        texts[name] = "\n\n".join(row[c] for c in sections if row[c]) if sections else report_body(row[text or ""])
        groups[name] = row[group] if group and row[group] else name
    return texts, groups


def _first(names: Sequence[str], columns: Mapping[str, str]) -> str | None:
    return next((columns[name] for name in names if name in columns), None)


def report_body(report: str) -> str:
    """Return findings and impression of a whole report, without their headings."""
    sections = extract_sections(report)
    return "\n\n".join(part for part in (sections.findings, sections.impression) if part)
