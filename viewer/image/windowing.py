"""Window and level: what is applied, how a drag changes it, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.dicom.grayscale import Grayscale, VoiLut, Window
from viewer.i18n import tr

PRESET_SHARES: tuple[tuple[str, float, float], ...] = (
    ("Full range", 0.5, 1.0),
    ("Lungs", 0.38, 0.6),
    ("Mediastinum", 0.66, 0.55),
    ("Bone", 0.72, 0.42),
    ("Narrow", 0.5, 0.35),
)
"""Name, centre and width as shares of the image's own range: projection radiographs have no absolute units, so
absolute presets as for CT would be wrong."""


DEFAULT_NAME = "DICOM default"


@dataclass(frozen=True)
class Preset:
    """A named choice; `voi` None is the file's first window or LUT."""

    name: str
    voi: Window | VoiLut | None


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


def presets(grayscale: Grayscale) -> tuple[Preset, ...]:
    """Return the choices for keys 0-9: the file's default, its other windows and LUTs, then shares of its range."""
    found = [Preset(DEFAULT_NAME, None)]
    for number, voi in enumerate(grayscale.voi[1:], start=2):
        found.append(Preset(voi.name or f"DICOM {number}", voi))
    low, high = grayscale.window_range
    span = max(high - low, 1.0)
    for name, centre, width in PRESET_SHARES:
        share = 1.0 - centre if grayscale.inverted else centre
        found.append(Preset(name, Window(low + share * span, width * span, name=name)))
    return tuple(found[:10])


def preset_told(found: tuple[Preset, ...], number: int) -> str:
    """What happened when the key of a preset was pressed, for the status bar."""
    if number < len(found):
        return tr("Window preset {number}: {name}", number=number, name=found[number].name)
    return tr("There is no window preset {number}: this image has 0 to {last}", number=number, last=len(found) - 1)


def describe(windowing: Windowing, grayscale: Grayscale) -> str:
    """Return the text of the corner annotation."""
    voi = windowing.voi if windowing.voi is not None else grayscale.default_voi
    if isinstance(voi, Window):
        text = f"W {voi.width:.0f}  L {voi.center:.0f}"
        if voi.function != "LINEAR":
            text += f"  {voi.function.lower()}"
    else:
        text = "LUT " + (voi.name or "of the file") if voi is not None else "W/L full range"
    named = windowing.name if isinstance(windowing.voi, Window) else ""
    return "  ".join(part for part in (text, named, "inverted" if windowing.invert else "") if part)
