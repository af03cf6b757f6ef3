"""Write a file whole or not at all (design §9)."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import ExportError

_HINTS = {
    errno.ENOSPC: "the disk is full: free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up: free some space or choose another folder",
    errno.EACCES: "this account may not write there: choose another folder",
    errno.EPERM: "this account may not write there: choose another folder",
    errno.EROFS: "the folder is read-only: choose another one",
    errno.ENAMETOOLONG: "the path is too long: choose a shorter folder name",
}


def write_atomic(path: Path, data: bytes) -> Path:
    """Write to a temporary name in the same folder, flush to disk, then rename over `path`.

    After a crash or a full disk either the old file or the new one is there, never a part of one. Missing parent
    folders are made.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE`` with what to do.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Hand out an empty file of a temporary name; when the block ends without an error, it becomes `path`.

    For writers that want a name rather than bytes; otherwise as `write_atomic`.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".saerad-", suffix=".part", dir=path.parent)
        os.close(descriptor)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        # mkstemp makes files private; a result is as readable as any other file of this person.
        temporary.chmod(0o666 & ~file_mask())
        temporary.replace(path)
        temporary = None
        sync_folder(path.parent)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_error(path: Path, error: OSError) -> ExportError:
    """Say that a file or folder could not be written, why, and what to do."""
    hint = write_hint(error)
    return ExportError("EXPORT_WRITE", f"{path} could not be written ({error.strerror or error})", hint)


def write_hint(error: OSError) -> str:
    """Return what a person can do about a failure to write."""
    return _HINTS.get(error.errno or 0, "choose another folder or check the disk")


def file_mask() -> int:
    """Return the process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where folders can be opened for that (not on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
