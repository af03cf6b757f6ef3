"""Measurements in the PDF: drawn and numbered on the picture of the image, and listed under it with their labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from engine.dicom.radiograph import Radiograph
from engine.export.identity import one_line
from engine.export.pdf_style import HEADING, SMALL
from engine.export.typeface import BOLD, FONT_FILE, markup, plain
from engine.measure.geometry import Scale, foot, scale_of
from engine.measure.shapes import LINES, Kind, Measurement, Point
from engine.measure.values import Reading

COLOUR, DARK = (111, 227, 255), (0, 0, 0)
_TITLES = {
    Kind.LENGTH: "Length",
    Kind.ANGLE: "Angle",
    Kind.COBB: "Cobb angle",
    Kind.ELLIPSE: "Ellipse",
    Kind.RECTANGLE: "Rectangle",
    Kind.TEXT: "Text",
    Kind.ARROW: "Arrow",
    Kind.CARDIOTHORACIC: "Cardiothoracic ratio",
}


def draw_measurements(
    picture: Image.Image, grey: tuple[int, int], radiograph: Radiograph, found: Sequence[Reading]
) -> Image.Image:
    """Draw measurements on a picture made by `render`, each with its number; returns the same picture.

    Parameters
    ----------
    grey : tuple of int
        Height and width of the image in it, which ends at the picture's foot.
    """
    height, width = grey
    pen, size = ImageDraw.Draw(picture), max(14, round(min(height, width) / 26))
    scale = (width / radiograph.columns, height / radiograph.rows)
    sketch = _Sketch(pen, (0.0, picture.height - height), scale, scale_of(radiograph.spacing), size)
    font = ImageFont.truetype(str(FONT_FILE), size)
    for number, reading in enumerate(found, start=1):
        sketch.shape(reading.drawn, DARK, size // 4)
        sketch.shape(reading.drawn, COLOUR, max(2, size // 7))
        x, y = sketch.place(max(reading.drawn.handles))
        text = plain(one_line(f"{number} {reading.drawn.text}".strip()))
        x = min(x + size / 2, width - pen.textlength(text, font=font) - size / 2)
        pen.text((x, y), text, COLOUR, font, "lm", stroke_width=2, stroke_fill=DARK)
    return picture


@dataclass(frozen=True)
class _Sketch:
    """Draws shapes at their places: `scale` is in pixels of the picture a pixel of the image, `pixel` its size."""

    pen: ImageDraw.ImageDraw
    origin: Point
    scale: Scale
    pixel: Scale
    size: int

    def place(self, point: Point) -> Point:
        return self.origin[0] + point[0] * self.scale[0], self.origin[1] + point[1] * self.scale[1]

    def shape(self, drawn: Measurement, colour: tuple[int, int, int], line: int) -> None:
        ends = [self.place(point) for point in drawn.points]
        if drawn.kind in (Kind.ELLIPSE, Kind.RECTANGLE):
            (xa, ya), (xb, yb) = ends
            box = (min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))
            (self.pen.ellipse if drawn.kind is Kind.ELLIPSE else self.pen.rectangle)(box, outline=colour, width=line)
        elif drawn.kind is Kind.CARDIOTHORACIC:
            midline = (drawn.points[4], drawn.points[5])
            for point in drawn.points[:4]:
                self.pen.line((self.place(point), self.place(foot(point, midline, self.pixel))), colour, line)
            self.pen.line((ends[4], ends[5]), colour, max(1, line // 2))
        else:
            for i, j in LINES.get(drawn.kind, ()):
                self.pen.line((ends[i], ends[j]), colour, line)
        if drawn.kind is Kind.ARROW:
            (xa, ya), (xb, yb) = ends
            turn = math.atan2(yb - ya, xb - xa)
            for side in (-0.45, 0.45):
                back = (xb - self.size * math.cos(turn + side), yb - self.size * math.sin(turn + side))
                self.pen.line((ends[1], back), colour, line)


def measurement_list(found: Sequence[Reading]) -> list[Flowable]:
    """Return every measurement with its number, values, labels and warnings; nothing when there are none."""
    if not found:
        return []
    lines = [Paragraph(_line(number, reading), SMALL) for number, reading in enumerate(found, start=1)]
    note = "Measured by a person on the image above. Millimetres mean what stands in brackets behind them."
    head = [Spacer(1, 1 * mm), Paragraph("Measurements", HEADING), lines[0]]
    return [KeepTogether(head), *lines[1:], Paragraph(note, SMALL)]


def _line(number: int, reading: Reading) -> str:
    parts = [f"{value.name} {value.text}" + (f" ({value.label})" if value.label else "") for value in reading.values]
    if reading.drawn.text:
        parts.insert(0, one_line(reading.drawn.text))
    parts += [f"Warning: {warning}" for warning in reading.warnings]
    title = _TITLES[reading.drawn.kind]
    return f'<font name="{BOLD}">{number}  {title}</font>  {markup("; ".join(parts))}'
