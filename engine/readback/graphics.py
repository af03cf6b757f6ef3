"""Graphic and text objects as presentation states and structured reports place them (PS3.3 C.10.5, C.18.6)."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
Points = npt.NDArray[np.float64]
_STEPS = 96
"""Corners of a circle or an ellipse: the chord leaves the curve by less than 1 in 1,800 of the radius."""
_BETWEEN = 12
"""Points that an interpolated line has between two of its own."""


class Shape(enum.Enum):
    """Graphic Type."""

    POINT = "POINT"
    MULTIPOINT = "MULTIPOINT"
    POLYLINE = "POLYLINE"
    INTERPOLATED = "INTERPOLATED"
    CIRCLE = "CIRCLE"
    ELLIPSE = "ELLIPSE"


FIXED_COUNTS = {Shape.POINT: 1, Shape.CIRCLE: 2, Shape.ELLIPSE: 4}
"""How many points a shape has; the others have at least 1 (multipoint) or 2."""


class Units(enum.Enum):
    """What coordinates mean (PS3.3 C.10.5.1.2).

    ``PIXEL``: (column, row) of the image, 0, 0 at the corner of its first pixel. ``DISPLAY``: shares of the displayed
    area as it is shown, turned and mirrored.
    """

    PIXEL = "PIXEL"
    DISPLAY = "DISPLAY"


@dataclass(frozen=True)
class Graphic:
    """One graphic object.

    Attributes
    ----------
    points : tuple of (float, float)
        As the file has them: of a circle its centre and a point of it, of an ellipse the ends of both axes.
    colour : str
        ``#rrggbb`` that the object itself asks for; empty to take its layer's.
    label : str
        Tracking identifier; empty when absent.
    """

    shape: Shape
    points: tuple[Point, ...]
    units: Units = Units.PIXEL
    filled: bool = False
    colour: str = ""
    label: str = ""

    @property
    def is_marks(self) -> bool:
        """Whether it consists of single points instead of a line."""
        return self.shape in (Shape.POINT, Shape.MULTIPOINT)

    def line(self) -> Points:
        """Return the object as corners of a line, float64, shape (points, 2), in its own units.

        Circles and ellipses are closed. An interpolated line passes through its points as a Catmull-Rom spline
        (Catmull & Rom 1974); the standard leaves the interpolation open (PS3.3 C.10.5.1.2).
        """
        given = np.array(self.points, dtype=np.float64)
        if self.shape is Shape.CIRCLE:
            radius = math.dist(self.points[0], self.points[1])
            return _ellipse(given[0], np.array([radius, 0.0]), np.array([0.0, radius]))
        if self.shape is Shape.ELLIPSE:
            return _ellipse(given.mean(axis=0), (given[1] - given[0]) / 2.0, (given[3] - given[2]) / 2.0)
        if self.shape is Shape.INTERPOLATED and len(given) > 2:
            return _spline(given)
        return given


@dataclass(frozen=True)
class Note:
    """One text object.

    Attributes
    ----------
    lines : tuple of str
        At least one.
    box : tuple of 4 floats or None
        Left, top, right, bottom of the bounding box, in `box_units`.
    anchor : tuple of 2 floats or None
        What the text belongs to, in `anchor_units`; a line leads there if `anchor_visible`.
    justification : str
        ``LEFT``, ``CENTER`` or ``RIGHT`` in the box.
    """

    lines: tuple[str, ...]
    box: tuple[float, float, float, float] | None = None
    box_units: Units = Units.PIXEL
    anchor: Point | None = None
    anchor_units: Units = Units.PIXEL
    anchor_visible: bool = False
    justification: str = "LEFT"


def _ellipse(centre: Points, major: Points, minor: Points) -> Points:
    turn = np.linspace(0.0, 2.0 * np.pi, _STEPS + 1)[:, None]
    found: Points = centre + np.cos(turn) * major + np.sin(turn) * minor
    found[-1] = found[0]
    return found


def _spline(given: Points) -> Points:
    closed = bool(np.array_equal(given[0], given[-1]))
    before, after = (given[-2], given[1]) if closed else (given[0], given[-1])
    p = np.vstack([before, given, after])
    t = (np.arange(_BETWEEN + 1) / (_BETWEEN + 1))[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True)
    ]
    return np.vstack([*pieces, given[-1]])
