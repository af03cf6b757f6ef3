"""Where the results of an image go, and the summary of a run."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import chain, count
from pathlib import Path
from typing import Literal

from engine.errors import ExportError, UsageError
from engine.export.atomic import write_atomic, write_hint
from engine.prose import as_sentence

Outcome = Literal["analysed", "refused", "failed"]
RESULT_FILES = (
    "analysis.json",
    "map_*.npy",
    "report.txt",
    "report.json",
    "report.fhir.json",
    "report.pdf",
    "report.dcm",
    "narrative.dcm",
    "report.hl7",
    "report_pdf.dcm",
    "presentation_state.dcm",
    "segmentation.dcm",
    "capture_??.dcm",
    "key_object.dcm",
)
"""What a run leaves in an image's folder: an earlier run's goes, so that none lies beside a newer answer or refusal."""


@dataclass(frozen=True)
class Row:
    """One line of ``summary.json``; `code` is ``OK``, the gate's or the error's."""

    path: str
    sop_instance_uid: str
    outcome: Outcome
    code: str
    message: str


def require_folder(out: Path) -> None:
    """Make the folder of the results and try to write in it, before time is spent on any image.

    Raises
    ------
    UsageError
        ``OUT_NOT_WRITABLE``.
    """
    try:
        if out.exists() and not out.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UsageError(
            "OUT_NOT_WRITABLE",
            f"results cannot be written in the folder {out} ({error.strerror or error})",
            write_hint(error),
        ) from error


def write_summary(out: Path, rows: list[Row]) -> Path:
    """Write ``summary.json``: a list with one row an input, in the order of the inputs."""
    return write_atomic(out / "summary.json", rows_json(rows).encode("utf-8", errors="replace"))


def rows_json(rows: list[Row]) -> str:
    """Return the rows as JSON text."""
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2) + "\n"


def sentences(parts: Iterable[str]) -> str:
    """Join what there is to say of an image, fragments and sentences alike, as sentences."""
    return " ".join(as_sentence(part) for part in parts if part)


class ResultFolders:
    """Chooses a folder for each image of one run.

    It is ``<SOPInstanceUID>``; two files with one UID break the standard but exist, and must not hide each other, so a
    file whose UID was met before in this run, or lies there with other pixels, goes to ``<UID>_<start of pixel hash>``.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._used: set[str] = set()

    def keep(self, name: str) -> None:
        """Let nothing else have a folder whose results an earlier run has left."""
        self._used.add(name)

    def choose(self, sop_instance_uid: str, pixel_sha256: str) -> Path:
        """Return a folder that no other image of this run has."""
        longer = f"{sop_instance_uid}_{pixel_sha256[:12]}"
        names = chain((sop_instance_uid, longer), (f"{longer}_{number}" for number in count(2)))
        name = next(n for n in names if n not in self._used and _pixels_in(self._out / n) in (None, pixel_sha256))
        self._used.add(name)
        return self._out / name


def require_no_review(folder: Path) -> None:
    """Refuse to replace a report that a person worked on: a new draft would delete that person's words.

    Raises
    ------
    ExportError
        ``REPORT_REVIEWED``.
    """
    if _is_reviewed(folder):
        raise ExportError(
            "REPORT_REVIEWED",
            f"the folder {folder} holds a report that a person reviewed, confirmed or edited; it was left as it is",
            "name another folder with --out, or move that report away",
        )


def _is_reviewed(folder: Path) -> bool:
    path = folder / "report.json"
    if not path.is_file():
        # This command always writes it: other reports without it come from the viewer.
        return any((folder / name).is_file() for name in RESULT_FILES if name.startswith("report."))
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        sentences_in = [s for section in report["sections"] for s in section["sentences"]]
        untouched = report["status"] == "draft" and all(s["state"] == "unconfirmed" for s in sentences_in)
    except (ValueError, KeyError, TypeError):  # not our file, or damaged: nothing there to protect
        return False
    return not untouched


def _pixels_in(folder: Path) -> str | None:
    """Pixel hash of the results in a folder; None when there are none that can be read."""
    path = folder / "analysis.json"
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # not our file, or damaged: nothing there to protect
        return None
    value = content.get("pixel_sha256") if isinstance(content, dict) else None
    return value if isinstance(value, str) else None
