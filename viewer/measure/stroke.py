"""The points that a person has set with a tool, what they look like so far, and what becomes of them."""

from __future__ import annotations

import math

from engine.dicom.radiograph import Radiograph
from engine.measure.geometry import Scale
from engine.measure.shapes import POINTS, Kind, Measurement, Point, cardiothoracic
from viewer.measure.words import CALIBRATE

STROKES: dict[str, int] = {**{kind.value: count for kind, count in POINTS.items()}, CALIBRATE: 2}
STROKES[Kind.CARDIOTHORACIC] = 4
"""How many points a person sets; the midline of a cardiothoracic ratio follows from the strokes."""

MIDLINE_SHARE = 0.3
"""Half the length of a new midline, as a share of the image's height."""

_WHOLE = (Kind.ANGLE, Kind.COBB, Kind.ELLIPSE, Kind.RECTANGLE, Kind.ARROW)
"""Shown as what they will be when only their last point is missing; the others as the line being drawn."""


class Stroke:
    """Points (column, row) of the image, set one after another.

    Attributes
    ----------
    rubber : tuple of float or None
        Where the mouse is, to which the last line is drawn.
    """

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.rubber: Point | None = None

    def forget(self) -> None:
        """Begin anew."""
        self.points, self.rubber = [], None

    def add(self, tool: str, point: Point, image: Radiograph, slop: float) -> bool:
        """Set a point, inside the image; returns whether it was the tool's last one.

        Parameters
        ----------
        slop : float
            Pixels of the image within which a hand cannot tell two places apart.
        """
        place = (min(max(point[0], 0.0), image.columns), min(max(point[1], 0.0), image.rows))
        if self._is_set_already(tool, place, slop):
            return False
        self.points.append(place)
        return len(self.points) == STROKES[tool]

    def _is_set_already(self, tool: str, place: Point, slop: float) -> bool:
        """Return whether a point is the one before: lines have a length, the arms of an angle one vertex."""
        if not self.points:
            return False
        if tool == Kind.ANGLE and len(self.points) == 2 and math.dist(self.points[0], place) < slop:
            self.points.reverse()  # both arms are drawn from the vertex
            return True
        last = tool == Kind.ANGLE or len(self.points) + 1 == STROKES[tool]
        return last and math.dist(self.points[-1], place) < slop

    def drawing(self, tool: str) -> Measurement | None:
        """What is being drawn, as far as it is: its last line follows the mouse."""
        if not tool or not self.points or self.rubber is None:
            return None
        points = [*self.points, self.rubber]
        if tool in _WHOLE and len(points) == STROKES[tool]:
            return Measurement("", Kind(tool), tuple(points))
        return Measurement("", Kind.LENGTH, (points[-2], points[-1]))


def measurement_of(key: str, tool: str, points: tuple[Point, ...], rows: int, scale: Scale) -> Measurement:
    """Return what the points of a tool measure.

    Parameters
    ----------
    rows : int
        Of the image; a midline stays inside it.
    """
    if tool != Kind.CARDIOTHORACIC:
        return Measurement(key, Kind(tool), points)
    (a, b, c, d) = points
    middle = (c[1] + d[1]) / 2.0
    reach = min(MIDLINE_SHARE * rows, middle, rows - middle)
    return cardiothoracic(key, (a, b), (c, d), reach, scale)
