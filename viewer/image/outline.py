"""The line around the places where a heat map exceeds a level, for Qt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPolygonF

from engine.inference import outline as engine_outline


def outline(density: npt.NDArray[np.float32], level: float) -> tuple[QPolygonF, ...]:
    """Return the lines of `engine.inference.outline.outline` as polygons, in units of width and height, 0..1."""
    lines = engine_outline.outline(density, level)
    return tuple(QPolygonF([QPointF(x, y) for x, y in line.tolist()]) for line in lines)
