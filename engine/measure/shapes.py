"""What a person draws on an image: kinds of measurement, their points, and the handles that change them."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, replace

Point = tuple[float, float]
"""(column, row) on the image; pixel (i, j) covers [i, i+1) by [j, j+1)."""


class Kind(enum.StrEnum):
    """What is measured; the value is the name in files."""

    LENGTH = "length"
    ANGLE = "angle"
    COBB = "cobb_angle"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    TEXT = "text"
    ARROW = "arrow"
    CARDIOTHORACIC = "cardiothoracic_ratio"


POINTS: dict[Kind, int] = {
    Kind.LENGTH: 2,
    Kind.ANGLE: 3,
    Kind.COBB: 4,
    Kind.ELLIPSE: 2,
    Kind.RECTANGLE: 2,
    Kind.TEXT: 1,
    Kind.ARROW: 2,
    Kind.CARDIOTHORACIC: 6,
}
"""How many points each kind has.

Length and arrow: from, to (an arrow points at the second). Angle: end, vertex, end. Cobb: two points on each of two
lines. Ellipse and rectangle: opposite corners of the box around them. Cardiothoracic ratio: the two ends of the heart,
the two ends of the inner thorax, the two ends of the midline.
"""

LINES: dict[Kind, tuple[tuple[int, int], ...]] = {
    Kind.LENGTH: ((0, 1),),
    Kind.ANGLE: ((0, 1), (1, 2)),
    Kind.COBB: ((0, 1), (2, 3)),
    Kind.ARROW: ((0, 1),),
    Kind.CARDIOTHORACIC: ((0, 1), (2, 3), (4, 5)),
}
"""Which points are joined by a line."""

BOXES = frozenset({Kind.ELLIPSE, Kind.RECTANGLE})
# Corner of a box, in the order of its handles → the points that its column and its row come from.
_CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))


@dataclass(frozen=True)
class Measurement:
    """One thing drawn on an image.

    Attributes
    ----------
    key : str
        Names it within its image.
    points : tuple of Point
        As many as `POINTS` says.
    text : str
        Of a text or an arrow.

    Raises
    ------
    ValueError
        For another number of points, or a coordinate that is not finite.
    """

    key: str
    kind: Kind
    points: tuple[Point, ...]
    text: str = ""

    def __post_init__(self) -> None:
        if len(self.points) != POINTS[self.kind]:
            raise ValueError(f"a {self.kind} has {POINTS[self.kind]} points, not {len(self.points)}")
        if not all(math.isfinite(value) for point in self.points for value in point):
            raise ValueError("a point of a measurement is not finite")

    @property
    def handles(self) -> tuple[Point, ...]:
        """Where it can be taken hold of: its points, or the four corners of its box."""
        if self.kind in BOXES:
            return tuple((self.points[i][0], self.points[j][1]) for i, j in _CORNERS)
        return self.points

    def with_handle(self, number: int, place: Point) -> Measurement:
        """Return it with one handle elsewhere."""
        points = list(self.points)
        if self.kind in BOXES:
            i, j = _CORNERS[number]
            points[i] = (place[0], points[i][1])
            points[j] = (points[j][0], place[1])
        else:
            points[number] = place
        return replace(self, points=tuple(points))

    def moved(self, columns: float, rows: float) -> Measurement:
        """Return it elsewhere, as a whole."""
        return replace(self, points=tuple((x + columns, y + rows) for x, y in self.points))

    def within(self, columns: int, rows: int) -> Measurement:
        """Return it with every point on the image; a whole that fits is moved, not bent."""
        xs, ys = [x for x, _ in self.points], [y for _, y in self.points]
        moved = self.moved(_back(min(xs), max(xs), columns), _back(min(ys), max(ys), rows))
        clipped = tuple((min(max(x, 0.0), columns), min(max(y, 0.0), rows)) for x, y in moved.points)
        return replace(self, points=clipped)


def _back(low: float, high: float, end: float) -> float:
    """How far to move an interval so that it begins at 0 or later, or ends at `end` or earlier."""
    if low < 0.0:
        return -low
    return min(0.0, end - high) if high - low <= end else 0.0


def cardiothoracic(
    key: str, heart: tuple[Point, Point], thorax: tuple[Point, Point], reach: float, scale: tuple[float, float]
) -> Measurement:
    """Return a cardiothoracic ratio of two strokes; its midline crosses the middle of the thoracic one at right angles.

    Parameters
    ----------
    reach : float
        Half the length of the midline, in pixels.
    scale : tuple of float
        Size of a pixel along columns and rows (`geometry.scale_of`), for what is a right angle.
    """
    (x0, y0), (x1, y1) = thorax
    middle = ((x0 + x1) / 2.0, (y0 + y1) / 2.0)
    across = ((x1 - x0) * scale[0], (y1 - y0) * scale[1])
    # Towards the feet, whichever way the stroke was drawn.
    sign = 1.0 if across[0] >= 0.0 else -1.0
    down = (-sign * across[1] / scale[0], sign * across[0] / scale[1])
    length = math.hypot(*down)
    down = (down[0] / length, down[1] / length) if length > 0.0 else (0.0, 1.0)
    ends = tuple((middle[0] + side * reach * down[0], middle[1] + side * reach * down[1]) for side in (-1.0, 1.0))
    return Measurement(key, Kind.CARDIOTHORACIC, (*heart, *thorax, *ends))
