"""Run exporters of other people beside the results of an image.

An entry point of ``saerad.exporters`` names ``write(folder, radiograph, analysis, draft)``, which writes files into an
empty folder; what stands in it afterwards is the result.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.errors import SaeRadError
from engine.export.atomic import write_error
from engine.export.staging import staged
from engine.inference.analysis import Analysis
from engine.plugins.points import EXPORTERS, call, require_plugin
from engine.report.draft import Draft

PREFIX = "plugin_"


def run_exporters(
    names: Sequence[str], folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft | None
) -> list[SaeRadError]:
    """Write ``folder/plugin_<name>/`` with each exporter, whole or not at all; those of an earlier run go first.

    Parameters
    ----------
    draft : Draft or None
        None for a refused image, of which nothing is exported.

    Returns
    -------
    list of SaeRadError
        Why plug-ins were left out: ``PLUGIN_UNKNOWN``, ``PLUGIN_IMPORT``, ``PLUGIN_TYPE``, ``PLUGIN_FAILED`` or
        ``EXPORT_WRITE``. The others have written their files.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE`` when files of an earlier run cannot be removed.
    """
    remove_exports(folder)
    if draft is None:
        return []
    failures: list[SaeRadError] = []
    for name in names:
        try:
            _run(name, folder, radiograph, analysis, draft)
        except SaeRadError as error:
            failures.append(error)
    return failures


def remove_exports(folder: Path) -> None:
    """Remove what exporters wrote in an earlier run; raises `ExportError`."""
    for old in folder.glob(f"{PREFIX}*"):
        try:
            shutil.rmtree(old)
        except OSError as error:
            raise write_error(old, error) from error


def _run(name: str, folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> None:
    plugin = require_plugin(EXPORTERS, name)
    with staged(folder / (PREFIX + re.sub(r"[^\w.-]", "_", name))) as work:
        call(plugin, work, radiograph, analysis, draft, lost="its files were left out")
