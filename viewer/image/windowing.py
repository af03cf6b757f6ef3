"""Window and level: what is applied, how a drag changes it, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.dicom.grayscale import Grayscale, VoiLut, Window
from viewer.i18n import mark, tr

PRESET_PERCENTILES: tuple[tuple[str, float, float], ...] = (
    (mark("Full range"), 0.0, 100.0),
    (mark("Lungs"), 1.0, 65.0),
    (mark("Mediastinum"), 35.0, 99.5),
    (mark("Bone"), 55.0, 99.9),
    (mark("Narrow"), 15.0, 85.0),
    (mark("Without extremes"), 0.5, 99.5),
)
"""Name, and which percentiles of the image's own values are shown black and white: projection radiographs have no
absolute units, so absolute presets as for CT would be wrong. They count from dark to bright, however it is stored."""


DEFAULT_NAME = mark("DICOM default")


@dataclass(frozen=True)
class Preset:
    """A named choice; `voi` None is the file's first window or LUT.

    Attributes
    ----------
    detail : str
        What it does: width and level, or that it is a table.
    """

    name: str
    voi: Window | VoiLut | None
    detail: str = ""


@dataclass(frozen=True)
class Windowing:
    """What turns stored values into gray.

    Attributes
    ----------
    voi : Window, VoiLut or None
        None is the file's own default.
    invert : bool
        A person's inversion, on top of what the file says (MONOCHROME1 is already handled by the pipeline).
    """

    voi: Window | VoiLut | None = None
    invert: bool = False
    name: str = ""

    def drag(self, grayscale: Grayscale, dx: float, dy: float, speed: float) -> Windowing:
        """Change width with dx and level with dy (screen pixels; up brightens, right widens).

        A LUT has no centre and width: dragging starts from the full range then.
        """
        base = self.voi if self.voi is not None else grayscale.default_voi
        window = base if isinstance(base, Window) else grayscale.full_range()
        low, high = grayscale.window_range
        span = max(high - low, 1.0)
        step = max(window.width, 0.05 * span) * speed
        # Up brightens: lower the centre, except where high values are dark (the pipeline inverts).
        sign = -1.0 if grayscale.inverted else 1.0
        width = min(max(window.width + dx * step, span / 1000.0, 1.0), 4.0 * span)
        centre = min(max(window.center + sign * dy * step, low - span), high + span)
        return replace(self, voi=replace(window, center=centre, width=width, name=""), name="")

    def with_sigmoid(self, grayscale: Grayscale) -> Windowing:
        """Turn the window's straight line into a sigmoid of the same centre and width, or back (PS3.3 C.11.2.1.3.1).

        A LUT has no centre and width: its curve begins as the window over the inputs between which it rises.
        """
        voi = self.voi if self.voi is not None else grayscale.default_voi
        window = voi if isinstance(voi, Window) else voi.as_window()
        straight = window.function == "SIGMOID"
        made = replace(window, function="LINEAR_EXACT" if straight else "SIGMOID", name="")
        return replace(self, voi=made, name="")

    def is_sigmoid(self, grayscale: Grayscale) -> bool:
        """Whether the curve is a sigmoid."""
        voi = self.voi if self.voi is not None else grayscale.default_voi
        return isinstance(voi, Window) and voi.function == "SIGMOID"


def presets(grayscale: Grayscale, values: npt.NDArray[np.floating] | None = None) -> tuple[Preset, ...]:
    """Return the choices of the menu, the first ten of which have the keys 0-9.

    Every item of the file comes first, VOI LUTs before windows, with the file's own explanation; then windows by
    percentile.

    Parameters
    ----------
    values : ndarray of float, optional
        Modality values of the image, or of a smaller copy; without them percentiles are shares of the range.
    """
    first = grayscale.default_voi
    own = first.name if grayscale.voi else tr("automatic")
    found = [Preset(DEFAULT_NAME, None, ", ".join(part for part in (own, voi_text(first)) if part))]
    for number, voi in enumerate(grayscale.voi[1:], start=2):
        found.append(Preset(voi.name or f"DICOM {number}", voi, voi_text(voi)))
    source = np.array(grayscale.window_range) if values is None or values.size == 0 else values
    for name, low, high in PRESET_PERCENTILES:
        ends = (100.0 - high, 100.0 - low) if grayscale.inverted else (low, high)
        dark, bright = (float(end) for end in np.percentile(source, ends))
        window = Window.between(dark, bright, name)
        found.append(Preset(name, window, voi_text(window)))
    return tuple(found)


def voi_text(voi: Window | VoiLut) -> str:
    """Return width, level and curve of a window, or the size of a table."""
    if isinstance(voi, VoiLut):
        return tr("table of {count} entries", count=voi.table.size)
    text = f"W {voi.width:.0f}  L {voi.center:.0f}"
    return text + (f"  {voi.function.lower()}" if voi.function == "SIGMOID" else "")


def preset_told(found: tuple[Preset, ...], number: int) -> str:
    """What happened when the key of a preset was pressed, for the status bar."""
    if number < len(found):
        return tr("Window preset {number}: {name}", number=number, name=tr(found[number].name))
    return tr(
        "There is no window preset {number}: this image has 0 to {last}", number=number, last=min(9, len(found) - 1)
    )


def describe(windowing: Windowing, grayscale: Grayscale) -> str:
    """Return the text of the corner annotation."""
    voi = windowing.voi if windowing.voi is not None else grayscale.default_voi
    if isinstance(voi, Window):
        text = f"W {voi.width:.0f}  L {voi.center:.0f}"
        if voi.function != "LINEAR":
            text += f"  {voi.function.lower()}"
    else:
        text = "LUT " + (voi.name or tr("of the file"))
    named = tr(windowing.name) if isinstance(windowing.voi, Window) else ""
    return "  ".join(part for part in (text, named, tr("inverted") if windowing.invert else "") if part)
