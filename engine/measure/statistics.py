"""Modality values inside a rectangle or an ellipse."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.dicom.radiograph import Radiograph
from engine.measure.shapes import Kind, Measurement


@dataclass(frozen=True)
class Statistics:
    """Of the pixels whose centre lies inside.

    Attributes
    ----------
    sd : float
        Standard deviation of these pixels (divided by their number).
    """

    count: int
    mean: float
    sd: float
    minimum: float
    maximum: float


def statistics(drawn: Measurement, radiograph: Radiograph) -> Statistics | None:
    """Return the statistics of a rectangle or an ellipse; None when no pixel's centre lies inside.

    Every pixel counts: values are counted by stored value, so that an ellipse over a whole film takes no more memory
    than its mask, and each value passes the Modality LUT once.
    """
    (xa, ya), (xb, yb) = drawn.points
    left, right, top, bottom = min(xa, xb), max(xa, xb), min(ya, yb), max(ya, yb)
    # A pixel's centre lies half a pixel behind its number.
    x0, x1 = max(0, math.ceil(left - 0.5)), min(radiograph.columns, math.floor(right - 0.5) + 1)
    y0, y1 = max(0, math.ceil(top - 0.5)), min(radiograph.rows, math.floor(bottom - 0.5) + 1)
    if x1 <= x0 or y1 <= y0:
        return None
    stored: npt.NDArray[np.integer] = radiograph.stored[y0:y1, x0:x1]
    if drawn.kind is Kind.ELLIPSE:
        across = (np.arange(x0, x1) + 0.5 - (left + right) / 2.0) / ((right - left) / 2.0)
        down = (np.arange(y0, y1) + 0.5 - (top + bottom) / 2.0) / ((bottom - top) / 2.0)
        inside = stored[across[None, :] ** 2 + down[:, None] ** 2 <= 1.0]
    else:
        inside = stored.ravel()
    if inside.size == 0:
        return None
    low = int(inside.min())
    counts = np.bincount((inside.astype(np.int32) - low) if inside.dtype.itemsize <= 2 else inside - low)
    occurring = np.flatnonzero(counts)
    weights = counts[occurring].astype(np.float64)
    values = radiograph.grayscale.modality.apply((occurring + low).astype(np.float64))
    mean = float(np.average(values, weights=weights))
    variance = float(np.average((values - mean) ** 2, weights=weights))
    return Statistics(int(inside.size), mean, math.sqrt(variance), float(values.min()), float(values.max()))
