"""What runs in the engine's worker process for a thumbnail: a small picture of an image, kept on disk under a hash."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.catalog.header import read_header
from engine.catalog.sources import stamp_of
from engine.dicom.archive import split_member
from engine.dicom.files import read_radiograph
from engine.dicom.grayscale import Grayscale
from engine.dicom.radiograph import Identity
from viewer.image.pyramid import Pyramid, build_pyramid
from viewer.studies.thumbnail_cache import ThumbnailCache

SIDE = 112
VERSION = 1
"""Part of every name on disk: another one when thumbnails are made in another way."""

Thumbnail = tuple[Identity | None, npt.NDArray[np.uint8]]


def thumbnail(path: Path, folder: Path | None) -> Thumbnail:
    """Return whose image it is and how it looks.

    Parameters
    ----------
    path : Path
    folder : Path or None
        Folder for small pictures; they are named by a hash of the path, size and time of the file, so that a changed
        file gets another one, and hold nothing of the header.

    Returns
    -------
    tuple
        Identity, None for a picture file found in the cache; ndarray of uint8, shape (height, width), longest side at
        most `SIDE`.

    Raises
    ------
    ReadError
        As `engine.dicom.files.read_radiograph`.
    """
    kept = _cache(folder) if folder is not None else None
    found = kept.find(_name(path)) if kept is not None else None
    if found is not None:
        return read_header(path), found
    radiograph = read_radiograph(path)
    gray = small_picture(build_pyramid(radiograph.stored), radiograph.grayscale)
    if kept is not None:
        kept.keep(_name(path), gray)
    return radiograph.identity, gray


@cache
def _cache(folder: Path) -> ThumbnailCache:
    """One for a process: it counts what it keeps."""
    return ThumbnailCache(folder)


def small_picture(pyramid: Pyramid, grayscale: Grayscale) -> npt.NDArray[np.uint8]:
    """Return displayed grey levels, uint8, shape (height, width), longest side at most `SIDE`."""
    small = pyramid.levels[-1]
    step = max(1, -(-max(small.shape) // SIDE))
    return np.ascontiguousarray(np.rint(grayscale.apply(small[::step, ::step]) * 255).astype(np.uint8))


def _name(path: Path) -> str:
    archive, member = split_member(path) or (path, "")
    size, mtime_ns = stamp_of(archive.stat()) if archive.exists() else (0, 0)
    text = b"\0".join((os.fsencode(archive), member.encode("utf-8", "surrogateescape")))
    return hashlib.sha256(text + f"\0{size}\0{mtime_ns}\0{VERSION}".encode()).hexdigest()
