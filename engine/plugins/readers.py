"""Read files that this program does not know by readers of other people.

An entry point of ``saerad.readers`` has the ending of the files it reads as its name (``pgm``) and names
``read(content: bytes, name: str) -> PlainImage``. DICOM, PNG and JPEG are never given away, whatever their name.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.dicom.grayscale import Grayscale
from engine.dicom.grayscale_header import automatic_window
from engine.dicom.limits import check_image_size
from engine.dicom.modality import Modality
from engine.dicom.radiograph import NO_SPACING, Acquisition, Calibration, Identity, Radiograph, Spacing
from engine.dicom.uids import uid_of_pixels
from engine.plugins.points import READERS, Plugin, call, installed_plugins, require_plugin, unusable

_LOST = "the file is not opened"


@dataclass(frozen=True, eq=False)
class PlainImage:
    """What a reader returns; whose image it is, no plug-in says.

    Attributes
    ----------
    levels : ndarray of uint8 or uint16, shape (rows, columns)
        Stored values.
    row_mm, column_mm : float, optional
        Distance between rows and between columns in millimetres; shown as uncalibrated.
    low_is_white : bool
        Whether low values are shown white.
    """

    levels: npt.NDArray[np.integer]
    row_mm: float | None = None
    column_mm: float | None = None
    low_is_white: bool = False


def has_reader(path: Path) -> bool:
    """Whether an installed reader names the ending of a file; nothing is imported."""
    return _ending(path) is not None


def read_with_plugin(path: Path, content: bytes) -> Radiograph:
    """Let the reader of a file's ending read it; one that never returns is ended with the worker it runs in.

    Raises
    ------
    PluginError
        ``PLUGIN_UNKNOWN``, ``PLUGIN_IMPORT``, ``PLUGIN_TYPE``, ``PLUGIN_FAILED``; ``PLUGIN_RESULT`` where it returns
        no image that can be used.
    ReadError
        ``IMAGE_SIZE``, ``IMAGE_TOO_LARGE``.
    """
    plugin = require_plugin(READERS, _ending(path) or path.suffix)
    image = _checked(plugin, call(plugin, content, path.name, lost=_LOST))
    stored: npt.NDArray[np.integer] = np.ascontiguousarray(image.levels)
    stored.flags.writeable = False
    spaced = image.row_mm is not None and image.column_mm is not None
    return Radiograph(
        stored=stored,
        grayscale=Grayscale(
            inverted=image.low_is_white,
            stored_range=(int(stored.min()), int(stored.max())),
            automatic=automatic_window(Modality(), stored),
        ),
        spacing=Spacing(image.row_mm, image.column_mm, Calibration.UNKNOWN) if spaced else NO_SPACING,
        identity=Identity(sop_instance_uid=uid_of_pixels(stored)),
        acquisition=Acquisition(
            photometric="MONOCHROME1" if image.low_is_white else "MONOCHROME2", bits_stored=8 * stored.dtype.itemsize
        ),
        source=path,
        is_dicom=False,
        warnings=(
            f"This file was read by the plug-in {plugin.title}: patient, view and exposure are unknown; "
            "for research only.",
        ),
    )


def _checked(plugin: Plugin, image: object) -> PlainImage:
    if not isinstance(image, PlainImage):
        raise unusable(plugin, f"returned a {type(image).__name__} instead of a PlainImage", _LOST)
    levels = image.levels
    if not isinstance(levels, np.ndarray) or levels.ndim != 2 or levels.dtype not in (np.uint8, np.uint16):
        raise unusable(plugin, "returned levels that are no 2-D array of uint8 or uint16", _LOST)
    check_image_size(*levels.shape)
    for distance in (image.row_mm, image.column_mm):
        if distance is not None and not (isinstance(distance, (int, float)) and 0 < distance < math.inf):
            raise unusable(plugin, f"returned the spacing {distance!r}", _LOST)
    return image


def _ending(path: Path) -> str | None:
    name = path.name.lower()
    return next((ending for ending in _endings(tuple(sys.path)) if name.endswith(f".{ending.lower()}")), None)


@lru_cache(maxsize=1)
def _endings(_places: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the readers, longest first; looked up once, since a folder's every unknown file asks."""
    names = {plugin.name for plugin in installed_plugins() if plugin.group == READERS}
    return tuple(sorted(names, key=lambda name: (-len(name), name)))
