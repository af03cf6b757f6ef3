"""What runs in the engine's worker process to export one image: a folder of its own, replaced as a whole."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.cli.results import ResultFolders
from engine.dicom.radiograph import Radiograph
from engine.errors import ExportError
from engine.export import export_all
from engine.inference.analysis import Analysis
from engine.report.draft import Draft

_OURS = re.compile(r"analysis\.json|report\.(txt|json|pdf|dcm)|map_\d{6,}\.npy")
"""Names that an export writes; whatever else lies in its folder is somebody's own."""


def export_folder(parent: Path, sop_instance_uid: str, pixel_sha256: str) -> Path:
    """Return the folder of one image below the chosen one, as ``saerad analyse`` names it.

    Two images never share a folder: where another one with the same UID lies, the start of the pixels' hash is added.
    """
    return ResultFolders(parent).choose(sop_instance_uid, pixel_sha256)


def export(
    parent: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft, formats: Sequence[str]
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
        # Named after the image, so that what a killed export left is taken away by the next one.
        unfinished = parent / f".{target.name}.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            return _replace(target, export_all(unfinished, radiograph, analysis, draft, formats))
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise ExportError(
            "EXPORT_WRITE",
            f"the folder {parent} cannot be written ({error.strerror or error})",
            "check its permissions or choose another folder",
        ) from error


def _replace(target: Path, made: Sequence[Path]) -> list[Path]:
    """Take the earlier export out of `target` and move the new files in."""
    target.mkdir(exist_ok=True)
    for path in target.iterdir():
        if _OURS.fullmatch(path.name):
            path.unlink()
    return [path.replace(target / path.name) for path in made]
