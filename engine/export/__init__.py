"""Exports: one module a format, and `export_all`, which checks first and writes then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.errors import UsageError
from engine.export.analysis_json import write_analysis
from engine.export.json_report import write_json_report
from engine.export.pdf import write_pdf
from engine.export.text import write_text
from engine.inference.analysis import Analysis
from engine.report.draft import Draft

Writer = Callable[[Path, Radiograph, Analysis, Draft], Path]

WRITERS: dict[str, Writer] = {
    "text": write_text,
    "json": write_json_report,
    "pdf": write_pdf,
}
"""Format name → what writes it."""

PLANNED = ("gsps", "seg", "sc", "fhir")
"""Formats that the design names and that this version cannot write."""


def resolve_formats(formats: Sequence[str], *, is_dicom: bool = True) -> list[str]:
    """Return the formats to write, without repeats; ``all`` stands for every one that suits the image.

    Raises
    ------
    UsageError
        ``FORMAT_UNAVAILABLE`` for a planned format, ``FORMAT_UNKNOWN`` for any other.
    """
    chosen: dict[str, None] = {}
    for name in formats:
        if name == "all":
            chosen |= dict.fromkeys(known for known in WRITERS if known != "sr" or is_dicom)
        elif name in WRITERS:
            chosen[name] = None
        elif name in PLANNED:
            raise UsageError("FORMAT_UNAVAILABLE", f"the format {name!r} is not available yet",
                             f"choose among {', '.join(WRITERS)}")
        else:
            raise UsageError("FORMAT_UNKNOWN", f"there is no format {name!r}", f"choose among {', '.join(WRITERS)} or all")
    return list(chosen)


def export_all(
    folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft | None, formats: Sequence[str]
) -> list[Path]:
    """Write ``analysis.json`` with its maps, and the draft in each of the formats.

    Parameters
    ----------
    draft : Draft or None
        None only for a refused analysis, of which ``analysis.json`` is written and no report.
    formats : sequence of str
        Names among ``text``, ``json``, ``pdf``, ``sr``, or ``all`` (which leaves out ``sr`` for a PNG or JPEG file).

    Returns
    -------
    list of Path
        What was written, ``analysis.json`` first.

    Raises
    ------
    InferenceError, DraftError
        ``WRONG_IMAGE`` before anything is written, when analysis or draft belong to another image.
    UsageError
        ``FORMAT_UNKNOWN``, ``FORMAT_UNAVAILABLE``, ``DRAFT_MISSING``.
    ExportError
        ``EXPORT_WRITE``; ``NOT_DICOM_SOURCE`` when ``sr`` is asked for by name for a research image.
    """
    names = resolve_formats(formats, is_dicom=radiograph.is_dicom)
    uid, pixels = radiograph.identity.sop_instance_uid, radiograph.pixel_sha256
    analysis.require_image(uid, pixels)
    if analysis.gate.verdict == "refused":
        return write_analysis(folder, analysis)
    if draft is None:
        raise UsageError("DRAFT_MISSING", "there is no draft to export", "compose one from the analysis")
    draft.require_image(uid, pixels)
    written = write_analysis(folder, analysis)
    return written + [WRITERS[name](folder, radiograph, analysis, draft) for name in names]
