"""The files that a DICOMDIR, the table of contents of a disc, links to (PS3.3 F, PS3.10 8)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

from engine.dicom.elements import Elements
from engine.dicom.parse import parse, read_bytes, within_limits
from engine.errors import ReadError

# Media Storage SOP Class UID (0002,0002) of Media Storage Directory Storage, as it stands in a file.
_MARK = b"\x02\x00\x02\x00UI\x14\x001.2.840.10008.1.3.10"


def is_dicomdir(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a DICOMDIR."""
    return head[128:132] == b"DICM" and _MARK in head


def linked_files(path: Path) -> list[Path]:
    """Return the image files that a DICOMDIR links to, in its order, whether they are there or not.

    Discs written elsewhere may have their names in small letters: those are found too.

    Raises
    ------
    ReadError
        ``DICOMDIR_UNSAFE`` for a link out of its folder, and what reading it raises.
    """
    root = path.resolve().parent
    found: dict[Path, None] = {}
    with within_limits(), warnings.catch_warnings():
        # What is odd about a directory's values is of no use to anybody; the images tell of themselves.
        warnings.simplefilter("ignore")
        for record in Elements(parse(read_bytes(path))).items("DirectoryRecordSequence"):
            parts = record.texts("ReferencedFileID")
            if parts and record.text("DirectoryRecordType").upper() == "IMAGE":
                found[_inside(root, parts)] = None
    return list(found)


def _inside(root: Path, parts: tuple[str, ...]) -> Path:
    if any(part in ("", ".", "..") or "/" in part or "\\" in part or ":" in part for part in parts):
        raise _unsafe()
    path = root
    for part in parts:
        path = next(_spellings(path, part), path / part)
    if not path.resolve().is_relative_to(root):
        raise _unsafe()
    return path


def _spellings(folder: Path, name: str) -> Iterator[Path]:
    """Yield the entry of a folder as it is spelt there."""
    for spelt in (name, name.lower(), f"{name};1", f"{name.lower()};1"):
        if (folder / spelt).exists():
            yield folder / spelt


def _unsafe() -> ReadError:
    return ReadError(
        "DICOMDIR_UNSAFE",
        "the DICOMDIR links to a file outside its own folder",
        "it is not to be trusted; open the folder with the images instead",
    )
