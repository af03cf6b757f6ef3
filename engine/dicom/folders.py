"""Find the images in files and folders that a person named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.dicom.recognise import HEAD_BYTES, looks_like_image
from engine.errors import ReadError


def find_images(paths: Iterable[Path]) -> list[Path]:
    """Return the files to open.

    A file that was named is always returned, so that its refusal can be told. Folders are searched with their
    sub-folders, in order of name, for files whose content (or name) says DICOM, PNG or JPEG; hidden files and DICOMDIR
    are left out. Links to folders are not followed, nor links to files outside the folder that was named.

    Raises
    ------
    ReadError
        ``FILE_MISSING`` if a path does not exist, ``FILE_UNREADABLE`` if a folder may not be read.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_search(path)))
        elif path.exists():
            found[path] = None
        else:
            raise ReadError("FILE_MISSING", f"there is no file or folder {path}", "check the path")
    return list(found)


def _search(root: Path) -> Iterator[Path]:
    inside = root.resolve()

    def refuse(error: OSError) -> None:
        raise ReadError(
            "FILE_UNREADABLE", f"the folder {error.filename} cannot be read ({error.strerror})", "check its permissions"
        ) from error

    for folder, names, files in os.walk(root, onerror=refuse, followlinks=False):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if name.startswith(".") or name.upper().startswith("DICOMDIR"):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                continue
            if path.is_file() and looks_like_image(path, _head(path)):
                yield path


def _head(path: Path) -> bytes:
    """Return the first bytes; a file that may not be read counts by its name, and is refused when it is opened."""
    if not os.access(path, os.R_OK):
        return b""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
