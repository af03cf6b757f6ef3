"""What the screen does not show of what the file holds."""

from __future__ import annotations

from engine.dicom.grayscale import Grayscale, Window
from engine.dicom.radiograph import Radiograph
from viewer.i18n import tr
from viewer.image.windowing import Windowing

SHADES = 256
"""Grey levels of a screen."""


def not_full_fidelity(radiograph: Radiograph, windowing: Windowing, scale: float) -> str:
    """Return what is less than the file holds, in words; empty when every pixel and every value in the window is shown.

    Parameters
    ----------
    scale : float
        Screen pixels an image pixel.
    """
    parts = []
    if scale < 0.999:
        parts.append(tr("reduced resolution"))
    values = values_in_window(radiograph.grayscale, windowing)
    if values > SHADES:
        parts.append(tr("{values} values in {shades} greys", values=values, shades=SHADES))
    return tr("not full fidelity: {what}", what=", ".join(parts)) if parts else ""


def lacking(radiograph: Radiograph, windowing: Windowing, scale: float) -> tuple[str, ...]:
    """Return what the file lost by compression (0028,2110) and what the screen does not show of it, a line each."""
    lossy = tr("LOSSY compression") if radiograph.acquisition.lossy else ""
    return tuple(line for line in (lossy, not_full_fidelity(radiograph, windowing, scale)) if line)


def values_in_window(grayscale: Grayscale, windowing: Windowing) -> int:
    """Return how many stored values, of those between the smallest and largest that occur, fall into the window."""
    low, high = grayscale.stored_range
    voi = windowing.voi if windowing.voi is not None else grayscale.default_voi
    if not isinstance(voi, Window) or grayscale.modality.lut is not None:
        return high - low + 1
    a, b = grayscale.window_range
    bottom, top = max(min(a, b), voi.center - voi.width / 2), min(max(a, b), voi.center + voi.width / 2)
    return max(0, round((top - bottom) / abs(grayscale.modality.slope))) + 1
