"""Palette colour → RGB (PS3.3 C.7.6.3.1.5)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydicom.pixels.processing import apply_color_lut

from engine.dicom.elements import Elements
from engine.errors import ReadError


def apply_palette(header: Elements, frame: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """Return RGB, shape (rows, columns, 3); ``PIXEL_FORMAT`` if the palette is missing or broken."""
    try:
        rgb: npt.NDArray[np.integer] = apply_color_lut(frame, header.dataset)
    except (ValueError, AttributeError, KeyError, IndexError, TypeError) as error:
        raise ReadError(
            "PIXEL_FORMAT", f"the colour palette cannot be used ({error})", "export the image again"
        ) from error
    return rgb
