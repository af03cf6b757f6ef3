"""``report.json``: the draft for other programs."""

from __future__ import annotations

from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.export.analysis_json import json_bytes
from engine.export.atomic import write_atomic
from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from engine.report.serialise import public_report


def write_json_report(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``report.json``.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``.
    """
    return write_atomic(folder / "report.json", json_bytes(public_report(draft, analysis.provider, analysis.precision)))
