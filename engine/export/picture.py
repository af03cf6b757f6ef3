"""Render the radiograph with heat maps, legend, orientation letters and the strip as an 8-bit picture.

The colour scale is the fixed one of `engine.inference.heat_scale`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw, ImageFont

from engine.dicom.radiograph import Radiograph
from engine.export.typeface import FONT_FILE, plain
from engine.inference.analysis import ActiveFeature, Analysis, FeatureMap
from engine.inference.attribution import upsample
from engine.inference.heat_scale import FULL_SCALE, OPACITY, PALETTE, density_unit, strength
from engine.report.draft import Draft

COLOURS: tuple[tuple[int, int, int], ...] = tuple(ImageColor.getcolor(name, "RGB")[:3] for name in PALETTE)  # type: ignore[index,misc]
SMALLEST_SIDE, LARGEST_SIDE = 800, 1600
_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}

RgbImage = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Overlay:
    """One heat map to draw: a feature, its map and its colour."""

    feature: ActiveFeature
    map: FeatureMap
    colour: tuple[int, int, int]


def overlays_of(analysis: Analysis, draft: Draft) -> list[Overlay]:
    """Return the maps behind the present findings of a draft, in reading order; denials carry none.

    At most one a palette colour; `Overlay.colour` is fixed by that order.
    """
    findings = [f for sentence in draft.sentences() for f in sentence.claims if f.has_place]
    wanted = list(dict.fromkeys(feature for finding in findings for feature in finding.evidence))
    active = {feature.id: feature for feature in analysis.features}
    shown = [ident for ident in wanted if ident in active and ident in analysis.maps]
    return [Overlay(active[i], analysis.maps[i], colour) for i, colour in zip(shown, COLOURS, strict=False)]


def grey_picture(radiograph: Radiograph) -> npt.NDArray[np.uint8]:
    """Return the image as first shown, 8 bit, with square pixels and its longer side within the limits above.

    Returns
    -------
    ndarray of uint8, shape (height, width)
    """
    aspect = 1.0
    if radiograph.spacing.row_mm and radiograph.spacing.column_mm:
        aspect = min(4.0, max(0.25, radiograph.spacing.row_mm / radiograph.spacing.column_mm))
    height, width = radiograph.rows * aspect, float(radiograph.columns)
    longer = max(height, width)
    scale = min(max(longer, SMALLEST_SIDE), LARGEST_SIDE) / longer
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Averaging over the covered area neither aliases nor rings; it only blurs when enlarging, so that is linear.
    method = Image.Resampling.BOX if scale < 1.0 else Image.Resampling.BILINEAR
    shown = Image.fromarray(np.ascontiguousarray(radiograph.display(), dtype=np.float32)).resize(size, method)
    grey: npt.NDArray[np.uint8] = np.rint(np.clip(np.asarray(shown), 0.0, 1.0) * 255.0).astype(np.uint8)
    return grey


def density(overlay: Overlay) -> npt.NDArray[np.float32]:
    """Return a map's contributions as multiples of a typical activation spread evenly over the patches.

    Where the typical activation is not known, the one in this image stands in for it.
    """
    unit = density_unit(overlay.feature.typical, overlay.feature.activation, overlay.map.values.size)
    return (overlay.map.values / unit).astype(np.float32)


def blend(grey: npt.NDArray[np.uint8], radiograph: Radiograph, overlays: Sequence[Overlay]) -> RgbImage:
    """Lay heat maps over the grey picture.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    height, width = grey.shape
    scale_x, scale_y = width / radiograph.columns, height / radiograph.rows
    base = np.repeat(grey[:, :, None], 3, axis=2).astype(np.float32)
    clear = np.ones((height, width, 1), dtype=np.float32)
    colours, weights = np.zeros_like(base), np.zeros_like(clear)
    for overlay in overlays:
        left, top, right, bottom = overlay.map.box
        box = (left * scale_x, top * scale_y, right * scale_x, bottom * scale_y)
        drawn = upsample(replace(overlay.map, values=density(overlay), box=box), height, width)
        alpha = OPACITY * strength(drawn)[:, :, None]
        clear *= 1.0 - alpha
        colours += alpha * np.asarray(overlay.colour, dtype=np.float32)
        weights += alpha
    # Where maps overlap their colours mix by weight, whatever their order, and the image still shines through.
    covered = np.minimum(1.0 - clear, OPACITY)
    mixed = base * (1.0 - covered) + colours / np.maximum(weights, 1e-6) * covered
    picture: RgbImage = np.rint(mixed).astype(np.uint8)
    return picture


def orientation_letters(radiograph: Radiograph) -> dict[str, str]:
    """Return the letters at the edges; sides that the file does not state are the usual ones with a question mark."""
    stated = [value[:1] for value in radiograph.acquisition.patient_orientation]
    if len(stated) != 2 or not all(letter in _OPPOSITE for letter in stated):
        return {"left": "R?", "right": "L?"}
    across, down = stated
    return {"left": _OPPOSITE[across], "right": across, "top": _OPPOSITE[down], "bottom": down}


def render(radiograph: Radiograph, overlays: Sequence[Overlay], strip: str) -> Image.Image:
    """Return the finished picture (RGB): strip on top, image with heat maps and letters, legend below."""
    pixels = blend(grey_picture(radiograph), radiograph, overlays)
    height, width = pixels.shape[:2]
    size = max(14, width // 38)
    font = ImageFont.truetype(str(FONT_FILE), size)
    line = round(size * 1.6)
    canvas = Image.new("RGB", (width, line + height + line * (len(overlays) + 2 if overlays else 0)), (18, 18, 20))
    canvas.paste(Image.fromarray(pixels), (0, line))
    pen = ImageDraw.Draw(canvas)
    pen.rectangle((0, 0, width, line - 1), fill=(255, 193, 7))
    pen.text((width / 2, line / 2), plain(strip), fill=(0, 0, 0), font=font, anchor="mm")
    places = {
        "left": (size * 0.6, height / 2, "lm"),
        "right": (width - size * 0.6, height / 2, "rm"),
        "top": (width / 2, size * 0.4, "mt"),
        "bottom": (width / 2, height - size * 0.4, "mb"),
    }
    large = ImageFont.truetype(str(FONT_FILE), round(size * 1.4))
    for edge, letter in orientation_letters(radiograph).items():
        x, y, anchor = places[edge]
        pen.text(
            (x, y + line),
            letter,
            fill=(255, 255, 255),
            font=large,
            anchor=anchor,
            stroke_width=2,
            stroke_fill=(0, 0, 0),
        )
    if overlays:
        legend = canvas.crop((0, line + height, width, canvas.height))
        _draw_legend(legend, overlays, line, font)
        canvas.paste(legend, (0, line + height))
    return canvas


def _draw_legend(area: Image.Image, overlays: Sequence[Overlay], line: int, font: ImageFont.FreeTypeFont) -> None:
    """One line a feature, each with the ramp of its opacity, then what the ramp means."""
    pen = ImageDraw.Draw(area)
    ramp = line * 4
    shades = (OPACITY * strength(np.linspace(0.0, FULL_SCALE, ramp, dtype=np.float32))).tolist()
    for row, overlay in enumerate(overlays):
        y = row * line + line // 4
        for step in range(ramp):
            alpha = shades[step]
            shade = tuple(round(90 * (1.0 - alpha) + c * alpha) for c in overlay.colour)
            pen.line((line // 2 + step, y, line // 2 + step, y + line // 2), fill=shade)
        text = plain(f"{overlay.feature.id}  {overlay.feature.description}")
        while pen.textlength(text, font=font) > area.width - ramp - 2 * line and len(text) > 4:
            text = text[:-2].rstrip("…") + "…"
        pen.text((ramp + line, y + line // 4), text, fill=(235, 235, 235), font=font, anchor="lm")
    note = f"0 to {FULL_SCALE:g} × a typical activation spread evenly (fixed scale)"
    pen.text((line // 2, len(overlays) * line + line // 2), note, fill=(170, 170, 170), font=font, anchor="lm")
