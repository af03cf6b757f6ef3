"""Write the files of one result so that they appear together or not at all (design §9)."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import ExportError
from engine.export.atomic import file_mask, sync_folder, write_error

LAST = "analysis.json"
"""Moved last: where it lies, everything it names lies too."""


@contextmanager
def staged(folder: Path, replaced: Sequence[str] = ()) -> Iterator[Path]:
    """Yield an empty folder; what is written in it lies in `folder` when the block ends well, and nowhere if not.

    Parameters
    ----------
    folder : Path
        Made with its parents if needed; other files in it are left alone.
    replaced : sequence of str
        Patterns of files of an earlier result, which go when the new ones come, so that none is left beside them.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE`` that names `folder`.
    """
    work = _work_folder(folder)
    try:
        yield work
        _publish(work, folder, replaced)
    except ExportError as error:
        # People know the folder that they named, not the one beside it.
        raise ExportError(error.code, error.message.replace(str(work), str(folder)), error.hint) from error
    except OSError as error:
        raise write_error(folder, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _work_folder(folder: Path) -> Path:
    """Make an empty folder on the same file system: renaming from it needs no further room."""
    try:
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        home = folder if folder.is_dir() else folder.parent
        home.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".saerad-", suffix=".part", dir=home))
    except OSError as error:
        raise write_error(folder, error) from error


def _publish(work: Path, folder: Path, replaced: Sequence[str]) -> None:
    """Move everything into place: a new folder at once, into an old one file by file after its earlier result went."""
    if not folder.exists():
        work.chmod(0o777 & ~file_mask())  # mkdtemp makes folders private; a result is as readable as any other
        work.rename(folder)
        sync_folder(folder.parent)
        return
    for path in sorted({path for pattern in replaced for path in folder.glob(pattern)}, key=_is_last, reverse=True):
        path.unlink()
    for path in sorted(work.iterdir(), key=_is_last):
        path.replace(folder / path.name)
    sync_folder(folder)


def _is_last(path: Path) -> bool:
    return path.name == LAST
