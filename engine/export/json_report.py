"""``report.json``: the draft for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.export.analysis_json import json_bytes
from engine.export.atomic import write_atomic
from engine.inference.analysis import Analysis
from engine.measure.serialise import public_measurements
from engine.measure.values import Reading
from engine.report.draft import Draft
from engine.report.serialise import public_report


def write_json_report(
    folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft, measured: Sequence[Reading] = ()
) -> Path:
    """Write ``report.json``; ``measurements`` is there when something was measured.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``.
    """
    report = public_report(draft, analysis.provider, analysis.precision)
    if measured:
        report["measurements"] = public_measurements(measured)
    return write_atomic(folder / "report.json", json_bytes(report))
