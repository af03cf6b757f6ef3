"""A radiograph as an image layer: its own gray values, windowed as its file says, in millimetres where it has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.dicom.grayscale import Grayscale, Window
from engine.dicom.radiograph import Radiograph

KEY = "saerad"
"""Under this key the layer's metadata has what was opened."""

LayerData = tuple[npt.NDArray[np.float32], dict[str, Any], str]


@dataclass(frozen=True, eq=False)
class Opened:
    """What stands behind a layer.

    Attributes
    ----------
    shown : ndarray of float32, shape (rows, columns)
        The very array that the layer got: a layer that has another one shows something else than the file.
    """

    path: Path
    radiograph: Radiograph
    shown: npt.NDArray[np.float32]


def layer_of(radiograph: Radiograph) -> LayerData:
    """Return data, arguments and type of the layer.

    Data are modality values, and the contrast limits are the file's window, so that it can be widened; where the
    file's grayscale is no window (a LUT, a sigmoid) they are what it displays, 0 black to 1 white. Shape
    (rows, columns), float32, read-only.
    """
    grayscale, spacing = radiograph.grayscale, radiograph.spacing
    limits = _limits(grayscale)
    data = grayscale.modality_values(radiograph.stored) if limits else radiograph.display()
    data.flags.writeable = False
    # Hashed here, since this is where nobody waits for the window.
    _ = radiograph.pixel_sha256
    millimetres = spacing.row_mm is not None and spacing.column_mm is not None
    arguments: dict[str, Any] = {
        "name": radiograph.source.name,
        "scale": (spacing.row_mm, spacing.column_mm) if millimetres else (1.0, 1.0),
        "units": ("mm", "mm") if millimetres else ("pixel", "pixel"),
        "axis_labels": ("row", "column"),
        "contrast_limits": limits or (0.0, 1.0),
        "colormap": "gray_r" if limits and grayscale.inverted else "gray",
        "metadata": {
            KEY: Opened(radiograph.source, radiograph, data),
            "calibration": spacing.calibration.value,
        },
    }
    return data, arguments, "image"


def _limits(grayscale: Grayscale) -> tuple[float, float] | None:
    """Return the modality values shown black and white, None where there is more between them than a straight line."""
    voi = grayscale.default_voi
    if not isinstance(voi, Window) or voi.function == "SIGMOID" or grayscale.presentation is not None:
        return None
    if voi.function == "LINEAR" and voi.width >= 1.0:
        # Equation C.11-1 of PS3.3 C.11.2.1.2; a width of 1 is a threshold.
        half = (voi.width - 1.0) / 2.0
        return (voi.center - 0.5 - half, voi.center - 0.5 + half) if half > 0.0 else None
    return voi.center - voi.width / 2.0, voi.center + voi.width / 2.0
