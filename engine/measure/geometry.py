"""Lengths, angles, areas and widths across a midline, in pixels or in millimetres."""

from __future__ import annotations

import math

from engine.dicom.radiograph import Spacing
from engine.measure.shapes import Point

Scale = tuple[float, float]
"""Size of a pixel along columns and rows: millimetres, or 1 and 1 where lengths are pixels."""


def scale_of(spacing: Spacing) -> Scale:
    """Return the size of a pixel; (1, 1) without a spacing: pixels are taken as square then."""
    if spacing.row_mm is None or spacing.column_mm is None:
        return 1.0, 1.0
    return spacing.column_mm, spacing.row_mm


def distance(a: Point, b: Point, scale: Scale) -> float:
    """Length of a line."""
    return math.hypot(*_step(a, b, scale))


def angle(end: Point, vertex: Point, other: Point, scale: Scale) -> float | None:
    """Angle at a vertex in degrees, 0 to 180; None while one arm has no length."""
    return _between(_step(vertex, end, scale), _step(vertex, other, scale))


def cobb_angle(first: tuple[Point, Point], second: tuple[Point, Point], scale: Scale) -> float | None:
    """Angle between two lines in degrees, 0 to 90, whichever way they were drawn (Cobb 1948)."""
    found = _between(_step(*first, scale), _step(*second, scale))
    return None if found is None else min(found, 180.0 - found)


def box_area(a: Point, b: Point, scale: Scale, *, ellipse: bool) -> float:
    """Area of a rectangle between two corners, or of the ellipse in it."""
    width, height = (abs(part) for part in _step(a, b, scale))
    return width * height * (math.pi / 4.0 if ellipse else 1.0)


def width_across(a: Point, b: Point, midline: tuple[Point, Point], scale: Scale) -> float | None:
    """Distance between two points measured at right angles to a midline; None while the midline has no length.

    For points on both sides this is the sum of their greatest distances from the midline.
    """
    along, step = _step(*midline, scale), _step(a, b, scale)
    length = math.hypot(*along)
    if length == 0.0:
        return None
    return abs(along[0] * step[1] - along[1] * step[0]) / length


def foot(place: Point, midline: tuple[Point, Point], scale: Scale) -> Point:
    """Nearest point of the midline (prolonged); the place itself while the midline has no length."""
    along, step = _step(*midline, scale), _step(midline[0], place, scale)
    square = along[0] ** 2 + along[1] ** 2
    if square == 0.0:
        return place
    share = (along[0] * step[0] + along[1] * step[1]) / square
    (x0, y0), (x1, y1) = midline
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def _step(a: Point, b: Point, scale: Scale) -> tuple[float, float]:
    return (b[0] - a[0]) * scale[0], (b[1] - a[1]) * scale[1]


def _between(one: tuple[float, float], other: tuple[float, float]) -> float | None:
    if math.hypot(*one) == 0.0 or math.hypot(*other) == 0.0:
        return None
    cross, dot = one[0] * other[1] - one[1] * other[0], one[0] * other[0] + one[1] * other[1]
    return abs(math.degrees(math.atan2(cross, dot)))
