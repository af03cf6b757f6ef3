"""Render the radiograph, with or without one heat map, orientation letters and the strip as an 8-bit picture.

One picture shows one map in one colour: colours that mix could be told apart by nobody. The scale is the fixed one of
`engine.inference.heat_scale`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw, ImageFont

from engine.dicom.radiograph import Radiograph
from engine.export.panels import HeatSum
from engine.export.typeface import FONT_FILE, plain
from engine.inference.heat_scale import FULL_SCALE, OPACITY, PALETTE, strength

COLOUR: tuple[int, int, int] = ImageColor.getcolor(PALETTE[0], "RGB")[:3]  # type: ignore[index,assignment]
"""Of every heat map in a report."""
SMALLEST_SIDE, LARGEST_SIDE = 800, 1600
_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}

RgbImage = npt.NDArray[np.uint8]


def grey_picture(
    radiograph: Radiograph, smallest: int = SMALLEST_SIDE, largest: int = LARGEST_SIDE
) -> npt.NDArray[np.uint8]:
    """Return the image as first shown, 8 bit, with square pixels and its longer side within the limits.

    Returns
    -------
    ndarray of uint8, shape (height, width)
    """
    aspect = 1.0
    if radiograph.spacing.row_mm and radiograph.spacing.column_mm:
        aspect = min(4.0, max(0.25, radiograph.spacing.row_mm / radiograph.spacing.column_mm))
    height, width = radiograph.rows * aspect, float(radiograph.columns)
    longer = max(height, width)
    scale = min(max(longer, smallest), largest) / longer
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Averaging over the covered area neither aliases nor rings; it only blurs when enlarging, so that is linear.
    method = Image.Resampling.BOX if scale < 1.0 else Image.Resampling.BILINEAR
    shown = Image.fromarray(np.ascontiguousarray(radiograph.display(), dtype=np.float32)).resize(size, method)
    grey: npt.NDArray[np.uint8] = np.rint(np.clip(np.asarray(shown), 0.0, 1.0) * 255.0).astype(np.uint8)
    return grey


def blend(grey: npt.NDArray[np.uint8], radiograph: Radiograph, heat: HeatSum | None) -> RgbImage:
    """Lay a heat map over the grey picture of its image.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    base = np.repeat(grey[:, :, None], 3, axis=2)
    if heat is None:
        return base
    height, width = grey.shape
    alpha = OPACITY * strength(heat.over(radiograph, height, width))[:, :, None]
    mixed = base * (1.0 - alpha) + np.asarray(COLOUR, dtype=np.float32) * alpha
    picture: RgbImage = np.rint(mixed).astype(np.uint8)
    return picture


def orientation_letters(radiograph: Radiograph) -> dict[str, str]:
    """Return the letters at the edges; sides that the file does not state are the usual ones with a question mark."""
    stated = [value[:1] for value in radiograph.acquisition.patient_orientation]
    if len(stated) != 2 or not all(letter in _OPPOSITE for letter in stated):
        return {"left": "R?", "right": "L?"}
    across, down = stated
    return {"left": _OPPOSITE[across], "right": across, "top": _OPPOSITE[down], "bottom": down}


def render(radiograph: Radiograph, grey: npt.NDArray[np.uint8], heat: HeatSum | None, strip: str) -> Image.Image:
    """Return the finished picture (RGB): strip on top, image with heat map and letters below.

    Parameters
    ----------
    grey : ndarray of uint8, shape (height, width)
        `grey_picture` of the radiograph, made once for all its pictures.
    """
    height, width = grey.shape
    size = max(10, round(min(height, width * 1.2) / 26))
    bar = round(size * 1.7)
    canvas = Image.new("RGB", (width, bar + height), (18, 18, 20))
    canvas.paste(Image.fromarray(blend(grey, radiograph, heat)), (0, bar))
    pen = ImageDraw.Draw(canvas)
    pen.rectangle((0, 0, width, bar - 1), fill=(255, 193, 7))
    font, text = ImageFont.truetype(str(FONT_FILE), size), plain(strip)
    while pen.textlength(text, font=font) > width * 0.97 and font.size > 5:
        font = ImageFont.truetype(str(FONT_FILE), font.size - 1)
    pen.text((width / 2, bar / 2), text, fill=(0, 0, 0), font=font, anchor="mm")
    places = {
        "left": (size * 0.6, height / 2, "lm"),
        "right": (width - size * 0.6, height / 2, "rm"),
        "top": (width / 2, size * 0.4, "mt"),
        "bottom": (width / 2, height - size * 0.4, "mb"),
    }
    large = ImageFont.truetype(str(FONT_FILE), round(size * 1.3))
    for edge, letter in orientation_letters(radiograph).items():
        x, y, anchor = places[edge]
        white, black = (255, 255, 255), (0, 0, 0)
        pen.text((x, y + bar), letter, white, large, anchor, stroke_width=2, stroke_fill=black)
    return canvas


def ramp(width: int, height: int, grey: int = 90) -> Image.Image:
    """Return the colour scale over a middle grey: nothing at the left, the end of the scale at the right."""
    shades = OPACITY * strength(np.linspace(0.0, FULL_SCALE, width, dtype=np.float32))[:, None]
    line = np.rint(grey * (1.0 - shades) + np.asarray(COLOUR, dtype=np.float32) * shades).astype(np.uint8)
    return Image.fromarray(np.repeat(line[None], height, axis=0))
