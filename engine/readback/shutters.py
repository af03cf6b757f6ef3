"""Display shutters (PS3.3 C.7.6.11): what lies outside is covered."""

from __future__ import annotations

import math

from engine.dicom.elements import Elements
from engine.readback.graphics import Graphic, Point, Shape
from engine.readback.limits import Budget
from engine.readback.presentation import Shutter


def read_shutters(header: Elements, budget: Budget) -> tuple[Shutter, ...]:
    """Return the shutters; several cover what lies outside any of them.

    Raises
    ------
    ReadError
        ``RESULT_TOO_LARGE``.
    """
    gray = header.number("ShutterPresentationValue") or 0.0
    found = []
    for shape in header.texts("ShutterShape"):
        budget.items()
        if shape.upper() == "BITMAP":
            header.warn("The presentation state covers parts of the image by a bitmap, not shown here.")
            continue
        outline = _outline(header, shape.upper(), budget)
        if outline is None:
            header.warn(f"A display shutter ({shape[:16]}) is not properly given and not applied.")
        else:
            found.append(Shutter(outline, min(max(gray / 0xFFFF, 0.0), 1.0)))
    return tuple(found)


def _outline(header: Elements, shape: str, budget: Budget) -> tuple[Point, ...] | None:
    if shape == "RECTANGULAR":
        edges = [header.number(f"Shutter{edge}Edge") for edge in _EDGES]
        if any(edge is None for edge in edges):
            return None
        # The edges are the last columns and rows that are covered or shown; they count from 1.
        left, right, top, bottom = (float(edge or 0.0) for edge in edges)
        return (left - 1, top - 1), (right, top - 1), (right, bottom), (left - 1, bottom)
    if shape == "CIRCULAR":
        centre, radius = header.numbers("CenterOfCircularShutter"), header.number("RadiusOfCircularShutter")
        if len(centre) != 2 or not radius:
            return None
        middle = centre[1] - 0.5, centre[0] - 0.5
        line = Graphic(Shape.CIRCLE, (middle, (middle[0] + radius, middle[1]))).line()
        return tuple((float(x), float(y)) for x, y in line)
    numbers = header.numbers("VerticesOfThePolygonalShutter")
    budget.points(len(numbers) // 2)
    if shape != "POLYGONAL" or len(numbers) < 6 or not all(map(math.isfinite, numbers)):
        return None
    return tuple((column - 0.5, row - 0.5) for row, column in zip(numbers[::2], numbers[1::2], strict=False))


_EDGES = ("LeftVertical", "RightVertical", "UpperHorizontal", "LowerHorizontal")
