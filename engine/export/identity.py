"""What every export says of itself: whose image, which model, and that it is a draft."""

from __future__ import annotations

import re
from importlib import metadata

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import Analysis
from engine.report.draft import Draft, DraftStatus, Sentence
from engine.report.wording import notices_of

SOFTWARE = "SAE-Rad workstation"


def software_version() -> str:
    """Return the version of the installed program, ``unknown`` in a checkout that is not installed."""
    try:
        return metadata.version("saerad-workstation")
    except metadata.PackageNotFoundError:
        return "unknown"


def status_line(draft: Draft) -> str:
    """Return the notice of the draft's status; there is none without a notice."""
    notices = notices_of(draft)
    return notices.draft if draft.status is DraftStatus.DRAFT else notices.reviewed


def strip_text(draft: Draft) -> str:
    """Return the words of the strip on every page and picture."""
    notices = notices_of(draft)
    return notices.strip if draft.status is DraftStatus.DRAFT else notices.reviewed


def author_note(sentence: Sentence) -> str:
    """Return what stands in place of features behind a person's sentence; empty for the program's own."""
    return {"edited": "edited by a person", "added": "written by a person"}.get(sentence.origin, "")


def origin_note(sentence: Sentence) -> str:
    """Return what stands beside the features of a sentence that a language model rewrote; empty for the others."""
    return "rewritten by a language model" if sentence.origin == "rewritten" else ""


def rewriting_rows(draft: Draft) -> list[tuple[str, str]]:
    """Return label and value of the rewriting for the head of a report; none where no model was asked to."""
    done = draft.rewriting
    if done is None:
        return []
    model = done.model
    name = " ".join(filter(None, (model.file, f"({model.name})" if model.name else "")))
    rows = [("Rewriting", one_line(f"{name}, prompt {model.prompt} version {model.prompt_version}"))]
    if done.warning:
        rows.append(("Warning", one_line(f"[{done.warning}] not rewritten by the language model: {done.message}")))
    rows.append(("Rewritten", f"{done.taken} of {done.asked} sentences, {len(done.rejected)} refused"))
    return rows


def one_line(text: str) -> str:
    """Return text from a file without line breaks and control characters, which could pose as lines of the report."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def date(value: str) -> str:
    """Return a DICOM date, also in its older form with dots, as YYYY-MM-DD; anything else as it stands."""
    match = re.fullmatch(r"\s*(\d{4})(\.?)(\d{2})\2(\d{2})\s*", value, re.ASCII)
    return f"{match[1]}-{match[3]}-{match[4]}" if match else value


def age(value: str) -> str:
    """Return a DICOM age string (``060Y``, PS3.5 6.2) in words; anything else as it stands."""
    match = re.fullmatch(r"\s*(\d{1,3})([DWMY])\s*", value, re.ASCII)
    if match is None:
        return value
    number, unit = int(match[1]), {"D": "day", "W": "week", "M": "month", "Y": "year"}[match[2]]
    return f"{number} {unit}" + ("" if number == 1 else "s")


def sex(value: str) -> str:
    """Return DICOM's code of a patient's sex in words; anything else as it stands."""
    return {"M": "male", "F": "female", "O": "other"}.get(value.strip().upper(), value)


def identity_rows(radiograph: Radiograph) -> list[tuple[str, str]]:
    """Return the labelled identity of an image in a form for people, leaving out what the file does not say."""
    who = radiograph.identity
    rows = [
        ("Patient", who.readable_name),
        ("Patient ID", who.patient_id),
        ("Born", date(who.patient_birth_date)),
        ("Sex", sex(who.patient_sex)),
        ("Age", age(who.patient_age)),
        ("Study date", date(who.study_date)),
        ("Study", who.study_description),
        ("Accession", who.accession_number),
        ("View", radiograph.acquisition.view_position),
        ("SOP Instance UID", who.sop_instance_uid),
    ]
    if not radiograph.is_dicom:
        rows.insert(0, ("Source", f"research image without identity ({radiograph.source.name})"))
    return [(label, one_line(value)) for label, value in rows if value]


def model_rows(analysis: Analysis) -> list[tuple[str, str]]:
    """Return the labelled identity of the model and of its input."""
    rows = [
        ("Model pack", f"{analysis.pack_name} {analysis.pack_version}"),
        ("Pack SHA-256", analysis.pack_sha256),
        ("Provider", analysis.provider),
        ("Precision", analysis.precision),
        ("Pixel SHA-256", analysis.pixel_sha256),
    ]
    if analysis.gate.verdict == "warning":
        rows.append(("Input warning", f"{analysis.gate.message} [{analysis.gate.code}]"))
    rows += [("Note", one_line(warning)) for warning in analysis.warnings]
    return rows
