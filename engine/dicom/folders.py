"""Find the images in files and folders that a person named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from engine.dicom.archive import Archive, split_member
from engine.dicom.dicomdir import is_dicomdir, linked_files
from engine.dicom.recognise import HEAD_BYTES, Kind, looks_like_image, recognise
from engine.errors import ReadError
from engine.plugins.readers import has_reader


def find_images(paths: Iterable[Path]) -> list[Path]:
    """Return the files to open.

    A file that was named is always returned, so that its refusal can be told; of a ZIP archive its images are
    (``study.zip/1.dcm``), of a DICOMDIR the images it links to. Folders are searched with their sub-folders, in order
    of name, for files whose content (or name) says DICOM, PNG or JPEG, or whose ending a plug-in reads; hidden files,
    archives and DICOMDIR are left out. Links to folders are not followed, nor links to files outside the folder that
    was named.

    Raises
    ------
    ReadError
        ``FILE_MISSING`` if a path does not exist, ``FILE_UNREADABLE`` if a folder may not be read, and what an archive
        or a DICOMDIR cannot be read for.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(search_folder(path, _wanted)))
        elif path.exists():
            found.update(dict.fromkeys(_named(path)))
        elif split_member(path) is not None:
            found[path] = None
        else:
            raise ReadError("FILE_MISSING", f"there is no file or folder {path}", "check the path")
    return list(found)


def image_members(archive: Archive) -> Iterator[str]:
    """Yield the members of a ZIP archive that look like images."""
    for name in archive.members:
        if any(part.startswith(".") for part in name.split("/")):
            continue
        path = Path(name)
        if path.name.upper().startswith("DICOMDIR") or name.startswith("__MACOSX/"):
            continue
        if worth_opening(path, archive.head(name, HEAD_BYTES)):
            yield name


def _named(path: Path) -> Iterator[Path]:
    """Yield a file, or what is in it if it is an archive or a table of contents."""
    head = head_of(path)
    if is_dicomdir(head):
        yield from linked_files(path)
    elif recognise(head)[0] is Kind.ZIP:
        with Archive(path) as archive:
            yield from [path / name for name in image_members(archive)]
    else:
        yield path


def search_folder(root: Path, wanted: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield the files of a folder and its sub-folders that are `wanted`, in order of name; see `find_images`."""
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
            if path.is_file() and wanted(path):
                yield path


def worth_opening(path: Path, head: bytes) -> bool:
    """Whether a file met in a folder is worth opening, by this program or by a reader installed as a plug-in."""
    if looks_like_image(path, head):
        return True
    return recognise(head)[0] is Kind.OTHER and has_reader(path)


def _wanted(path: Path) -> bool:
    return worth_opening(path, head_of(path))


def head_of(path: Path) -> bytes:
    """Return the first bytes; a file that may not be read counts by its name, and is refused when it is opened."""
    if not path.is_file() or not os.access(path, os.R_OK):
        return b""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
