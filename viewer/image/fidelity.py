"""What the screen does not show of what the file holds, and what the file lost before."""

from __future__ import annotations

from engine.dicom.grayscale import Grayscale, Window
from engine.dicom.radiograph import Acquisition, Radiograph
from viewer.i18n import tr
from viewer.image.raster import SQUARES_FROM
from viewer.image.windowing import Windowing

SHADES = 256
"""Grey levels of a screen."""

METHODS = {
    "ISO_10918_1": "JPEG",
    "ISO_14495_1": "JPEG-LS",
    "ISO_15444_1": "JPEG 2000",
    "ISO_15444_15": "HTJ2K",
    "ISO_18181_1": "JPEG XL",
    "ISO_13818_1": "MPEG-2",
    "ISO_14496_10": "MPEG-4 AVC",
    "ISO_23008_2": "HEVC",
}
"""Defined terms of Lossy Image Compression Method (PS3.3 C.7.6.1.1.5.1)."""


def not_full_fidelity(
    radiograph: Radiograph, windowing: Windowing, scale: float, squares_from: float = SQUARES_FROM
) -> str:
    """Return what is less than the file holds, in words; empty when every pixel and every value in the window is shown.

    Parameters
    ----------
    scale : float
        Screen pixels an image pixel.
    squares_from : float
        Scale from which single pixels are squares; from 1 up to there values are made up between them.
    """
    parts = []
    if scale < 0.999:
        parts.append(tr("reduced resolution"))
    elif 1.001 < scale < squares_from:
        parts.append(tr("interpolated"))
    values = values_in_window(radiograph.grayscale, windowing)
    if values > SHADES:
        parts.append(tr("{values} values in {shades} greys", values=values, shades=SHADES))
    return tr("not full fidelity: {what}", what=", ".join(parts)) if parts else ""


def lacking(
    radiograph: Radiograph, windowing: Windowing, scale: float, squares_from: float = SQUARES_FROM
) -> tuple[str, ...]:
    """Return what the file lost by compression and what the screen does not show of it, a line each."""
    lines = lossy_text(radiograph.acquisition), not_full_fidelity(radiograph, windowing, scale, squares_from)
    return tuple(line for line in lines if line)


def lossy_text(how: Acquisition) -> str:
    """Return that an image was compressed with loss (0028,2110), how much (0028,2112) and by what (0028,2114)."""
    if not how.lossy:
        return ""
    ratios = ", ".join(f"{ratio:.3g} : 1" for ratio in how.lossy_ratios)
    methods = ", ".join(METHODS.get(method, method) for method in how.lossy_methods)
    return " ".join(part for part in (tr("LOSSY compression"), ratios or tr("(ratio not stated)"), methods) if part)


def values_in_window(grayscale: Grayscale, windowing: Windowing) -> int:
    """Return how many stored values, of those between the smallest and largest that occur, fall into the window."""
    low, high = grayscale.stored_range
    voi = windowing.voi if windowing.voi is not None else grayscale.default_voi
    if not isinstance(voi, Window) or grayscale.modality.lut is not None:
        return high - low + 1
    a, b = grayscale.window_range
    bottom, top = max(min(a, b), voi.center - voi.width / 2), min(max(a, b), voi.center + voi.width / 2)
    return max(0, round((top - bottom) / abs(grayscale.modality.slope))) + 1
