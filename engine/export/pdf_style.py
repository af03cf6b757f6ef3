"""Type and tables of the PDF, and pictures as flowables."""

from __future__ import annotations

import io
from typing import Any

import PIL.Image
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Image, TableStyle

from engine.export.typeface import BOLD, REGULAR

AI = colors.Color(0.36, 0.16, 0.55)
"""Colour of text that no person has confirmed."""


def _style(name: str, **values: Any) -> ParagraphStyle:
    return ParagraphStyle(name, **({"fontName": REGULAR, "fontSize": 9, "leading": 12} | values))


BODY = _style("body")
SMALL = _style("small", fontSize=7, leading=9)
CAPTION = _style("caption", fontSize=8, leading=10)
TITLE = _style("title", fontName=BOLD, fontSize=14, leading=18)
HEADING = _style("heading", fontName=BOLD, fontSize=10, leading=13, spaceBefore=7, spaceAfter=2)


def small_table(*more: tuple[Any, ...]) -> TableStyle:
    """Return the style of a table in small type with a line below each row, and what else a table asks for."""
    return TableStyle(
        [
            ("FONT", (0, 0), (-1, -1), REGULAR, 7),
            ("FONT", (0, 0), (-1, 0), BOLD, 7),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            *more,
        ]
    )


def picture(image: PIL.Image.Image, width: float, height: float) -> Image:
    """Return a picture in the largest size that fits, in points; JPEG, as the grey of a radiograph allows."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    stream.seek(0)
    scale = min(width / image.width, height / image.height)
    return Image(stream, image.width * scale, image.height * scale)
