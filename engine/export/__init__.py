"""Exports: one module a format, and `export_all`, which checks first and writes then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.errors import UsageError
from engine.export.analysis_json import write_analysis
from engine.export.dicom_identity import refusal
from engine.export.encapsulated_pdf import write_encapsulated_pdf
from engine.export.fhir import write_fhir
from engine.export.json_report import write_json_report
from engine.export.key_object import write_key_object
from engine.export.narrative import write_narrative
from engine.export.oru import write_oru
from engine.export.pdf import write_pdf
from engine.export.predecessor import DOCUMENTS, earlier_reports, supersede
from engine.export.presentation_state import write_presentation_state
from engine.export.secondary_capture import write_secondary_captures
from engine.export.segmentation import write_segmentation
from engine.export.staging import staged
from engine.export.structured_report import write_structured_report
from engine.export.text import write_text
from engine.inference.analysis import Analysis
from engine.measure.serialise import readings
from engine.measure.sheet import Sheet
from engine.measure.values import Reading
from engine.report.draft import Draft

_LOG = logging.getLogger(__name__)

Writer = Callable[[Path, Radiograph, Analysis, Draft], Path | list[Path]]

WRITERS: dict[str, Writer] = {
    "text": write_text,
    "json": write_json_report,
    "pdf": write_pdf,
    "sr": write_structured_report,
    "narrative": write_narrative,
    "gsps": write_presentation_state,
    "seg": write_segmentation,
    "sc": write_secondary_captures,
    "dicompdf": write_encapsulated_pdf,
    "ko": write_key_object,
    "fhir": write_fhir,
    "oru": write_oru,
}
"""Format name → what writes it."""

MEASURED: dict[str, Callable[[Path, Radiograph, Analysis, Draft, Sequence[Reading]], Path]] = {
    "json": write_json_report,
    "pdf": write_pdf,
}
"""The formats that carry what was measured, and what writes them then."""

DICOM = ("sr", "narrative", "gsps", "seg", "sc", "dicompdf", "ko", "fhir", "oru")
"""Formats that refer to patient, study and source image, which must be a DICOM instance with valid UIDs."""


def skipped_formats(radiograph: Radiograph) -> dict[str, str]:
    """Return the formats that ``all`` leaves out for this image, each with the reason."""
    error = refusal(radiograph)
    return dict.fromkeys(DICOM, error.message) if error is not None else {}


def resolve_formats(formats: Sequence[str], skipped: Collection[str] = ()) -> list[str]:
    """Return the formats to write, without repeats; ``all`` stands for every one but the `skipped`.

    Raises
    ------
    UsageError
        ``FORMAT_UNKNOWN``.
    """
    chosen: dict[str, None] = {}
    for name in formats:
        if name == "all":
            chosen |= dict.fromkeys(known for known in WRITERS if known not in skipped)
        elif name in WRITERS:
            chosen[name] = None
        else:
            raise UsageError(
                "FORMAT_UNKNOWN", f"there is no format {name!r}", f"choose among {', '.join(WRITERS)} or all"
            )
    return list(chosen)


def export_all(
    folder: Path,
    radiograph: Radiograph,
    analysis: Analysis,
    draft: Draft | None,
    formats: Sequence[str],
    *,
    replaced: Sequence[str] = (),
    sheet: Sheet | None = None,
) -> list[Path]:
    """Write ``analysis.json`` with its maps, and the draft in each of the formats: all of them or, failing one, none.

    Parameters
    ----------
    draft : Draft or None
        None only for a refused analysis, of which ``analysis.json`` is written and no report.
    formats : sequence of str
        Names of `WRITERS`, or ``all``, which leaves out those of `skipped_formats` and logs a warning for each.
    replaced : sequence of str
        Patterns of files in `folder` that go when the new ones come.
    sheet : Sheet, optional
        What a person measured on the image; it goes into the formats of `MEASURED`.

    Returns
    -------
    list of Path
        What was written, ``analysis.json`` first.

    Raises
    ------
    InferenceError, DraftError, MeasureError
        ``WRONG_IMAGE`` before anything is written, when analysis, draft or sheet belong to another image;
        ``WRONG_PACK`` when the draft was made with another pack than the analysis.
    UsageError
        ``FORMAT_UNKNOWN``, ``DRAFT_MISSING``.
    ExportError
        ``EXPORT_WRITE``; ``NOT_DICOM_SOURCE`` or ``NO_VALID_UID``, before anything is written, when one of `DICOM` is
        asked for by name for an image that no DICOM object can refer to.
    """
    skipped = skipped_formats(radiograph)
    names = resolve_formats(formats, skipped)
    refused = analysis.gate.verdict == "refused"
    # Of a refused image no report is written, so that none can be impossible: the refusal is what has to be told.
    error = refusal(radiograph) if not refused and set(names) & set(DICOM) else None
    if error is not None:
        raise error
    uid, pixels = radiograph.identity.sop_instance_uid, radiograph.pixel_sha256
    analysis.require_image(uid, pixels)
    if not refused:
        if draft is None:
            raise UsageError("DRAFT_MISSING", "there is no draft to export", "compose one from the analysis")
        draft.require_image(uid, pixels)
        draft.require_pack(analysis.pack_name, analysis.pack_version, analysis.pack_sha256)
        if "all" in formats:
            for name, reason in skipped.items():
                _LOG.warning("format %s left out: %s", name, reason)
    measured = readings(sheet, radiograph) if sheet is not None else ()
    wanted = [file for name, (file, _) in DOCUMENTS.items() if name in names]
    earlier = earlier_reports(folder, wanted, uid)
    with staged(folder, replaced) as work:
        written = write_analysis(work, analysis)
        if draft is not None and not refused:
            for name in names:
                made: Path | list[Path]
                if measured and name in MEASURED:
                    made = MEASURED[name](work, radiograph, analysis, draft, measured)
                else:
                    made = WRITERS[name](work, radiograph, analysis, draft)
                written += made if isinstance(made, list) else [made]
            for file, document in earlier.items():
                supersede(work / file, document)
    return [folder / path.name for path in written]
