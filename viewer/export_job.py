"""What runs in the engine's worker process to export one image: a folder of its own, replaced as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.cli.result_folders import RESULT_FILES, ResultFolders
from engine.dicom.radiograph import Radiograph
from engine.export import export_all
from engine.export.atomic import write_error
from engine.inference.analysis import Analysis
from engine.measure.sheet import Sheet
from engine.report.draft import Draft


def export_folder(parent: Path, sop_instance_uid: str, pixel_sha256: str) -> Path:
    """Return the folder of one image below the chosen one, as ``saerad analyse`` names it.

    Two images never share a folder: where another one with the same UID lies, the start of the pixels' hash is added.
    """
    return ResultFolders(parent).choose(sop_instance_uid, pixel_sha256)


def export(
    parent: Path,
    radiograph: Radiograph,
    analysis: Analysis,
    draft: Draft,
    formats: Sequence[str],
    *,
    sheet: Sheet | None = None,
) -> list[Path]:
    """Write the chosen formats into the image's own folder below `parent`.

    An earlier export of the image goes as a whole, so that no PDF of an earlier text lies beside a newer one; it goes
    only when the new one is complete. Files that no export writes stay.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    SaeRadError
        As ``engine.export.export_all``; ``EXPORT_WRITE`` when the folder cannot be changed.
    """
    try:
        target = export_folder(parent, radiograph.identity.sop_instance_uid, radiograph.pixel_sha256)
    except OSError as error:
        raise write_error(parent, error) from error
    return export_all(target, radiograph, analysis, draft, formats, replaced=RESULT_FILES, sheet=sheet)
