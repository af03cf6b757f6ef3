"""Which measurement, and what of it, lies under the mouse; all in pixels of the screen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.measure.shapes import LINES, Kind, Measurement, Point

SLOP = 7.0
"""How far from a handle or a line still counts as on it."""

ROUND = 48
"""Corners by which an ellipse is drawn and hit."""

ToScreen = Callable[[Point], Point]


@dataclass(frozen=True)
class Hit:
    """A measurement taken hold of; `handle` is None for its whole."""

    item: Measurement
    handle: int | None


def hit(items: Sequence[Measurement], place: Point, to_screen: ToScreen, selected: str = "") -> Hit | None:
    """Return what lies under a place of the screen, handles first, the selected and then the newest measurement first.

    Handles of the selected measurement alone can be seen, but those of the others can be taken as well.
    """
    order = sorted(enumerate(items), key=lambda each: (each[1].key != selected, -each[0]))
    for _, item in order:
        ends = [to_screen(point) for point in item.handles]
        near = min(range(len(ends)), key=lambda i: math.dist(ends[i], place))
        if math.dist(ends[near], place) <= SLOP:
            return Hit(item, near)
    for _, item in order:
        if any(_off(place, a, b) <= SLOP for a, b in segments(item, to_screen)):
            return Hit(item, None)
    return None


def segments(item: Measurement, to_screen: ToScreen) -> list[tuple[Point, Point]]:
    """Return the straight pieces by which a measurement is hit."""
    if item.kind in (Kind.ELLIPSE, Kind.RECTANGLE):
        corners = [to_screen(point) for point in outline(item)]
        return list(zip(corners, [*corners[1:], corners[0]], strict=True))
    return [(to_screen(item.points[i]), to_screen(item.points[j])) for i, j in LINES.get(item.kind, ())]


def outline(item: Measurement) -> list[Point]:
    """Return the corners of a rectangle or, finely, of an ellipse, on the image."""
    if item.kind is Kind.RECTANGLE:
        return list(item.handles)
    (xa, ya), (xb, yb) = item.points
    turns = [2.0 * math.pi * n / ROUND for n in range(ROUND)]
    x, y, width, height = (xa + xb) / 2.0, (ya + yb) / 2.0, (xb - xa) / 2.0, (yb - ya) / 2.0
    return [(x + width * math.cos(turn), y + height * math.sin(turn)) for turn in turns]


def _off(place: Point, a: Point, b: Point) -> float:
    """Distance of a place from a line between two others."""
    x, y = b[0] - a[0], b[1] - a[1]
    square = x * x + y * y
    share = ((place[0] - a[0]) * x + (place[1] - a[1]) * y) / square if square > 0.0 else 0.0
    share = min(1.0, max(0.0, share))
    return math.dist(place, (a[0] + share * x, a[1] + share * y))
