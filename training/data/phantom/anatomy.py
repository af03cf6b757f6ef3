"""Landmarks of a chest, measured on lung fields, so that drawn and real backgrounds carry findings alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.data.phantom.types import Bools, Side

THORAX_MM = 285.0
"""Inner width of an adult thorax at its widest: what turns fractions of the image into millimetres."""


@dataclass(frozen=True)
class Lung:
    """One lung field; positions are fractions of the image's side.

    Attributes
    ----------
    mask : bool [S, S]
    inner, outer : float64 [S]
        Medial and lateral border per row, held constant above the apex and below the base.
    top, base : float
        Rows of the apex and of the lowest part.
    hilum, angle : (x, y)
        Root of the lung; costophrenic angle.
    """

    side: Side
    mask: Bools
    inner: NDArray[np.float64]
    outer: NDArray[np.float64]
    top: float
    base: float
    hilum: tuple[float, float]
    angle: tuple[float, float]

    @property
    def height(self) -> float:
        """Apex to base."""
        return self.base - self.top

    @property
    def lateral(self) -> int:
        """Direction of "outwards" along x."""
        return -1 if self.side == "right" else 1


@dataclass(frozen=True)
class Anatomy:
    """Where things are in a chest; positions are fractions of the image's side."""

    right: Lung
    left: Lung
    heart: Bools
    body: Bools
    midline: float
    carina: tuple[float, float]
    thorax: float

    @property
    def size(self) -> int:
        """Side in pixels."""
        return int(self.heart.shape[0])

    @property
    def lungs(self) -> Bools:
        """Both lung fields."""
        return self.right.mask | self.left.mask

    @property
    def mm(self) -> float:
        """One millimetre as a fraction of the side."""
        return self.thorax / THORAX_MM

    def lung(self, side: Side) -> Lung:
        """The lung of the patient's side."""
        return self.right if side == "right" else self.left

    def with_heart(self, heart: Bools) -> Anatomy:
        """The same chest with another heart, which shadows the lung fields."""
        return replace(
            self,
            heart=heart,
            right=replace(self.right, mask=self.right.mask & ~heart),
            left=replace(self.left, mask=self.left.mask & ~heart),
        )

    def cardiothoracic_ratio(self) -> float:
        """Greatest transverse width of the heart over the greatest inner width of the thorax."""
        return transverse(self.heart) / self.thorax


def transverse(mask: Bools) -> float:
    """Width between the outermost columns of a mask, in fractions of the side."""
    columns = np.flatnonzero(mask.any(0))
    return float(columns[-1] - columns[0] + 1) / mask.shape[1] if columns.size else 0.0


def measure(right: Bools, left: Bools, heart: Bools | None, body: Bools) -> Anatomy:
    """Landmarks from the lung fields; without a heart it is taken as what lies between the lungs below the carina."""
    lungs = (_lung("right", right), _lung("left", left))
    top, base = (min(lung.top for lung in lungs), max(lung.base for lung in lungs))
    size = right.shape[0]
    rows = slice(int((top + 0.25 * (base - top)) * size), int((top + 0.5 * (base - top)) * size))
    # The spine lies midway between the lateral walls rather than between the medial borders, which the heart moves.
    middle = 0.6 * (lungs[0].outer + lungs[1].outer) / 2 + 0.4 * (lungs[0].inner + lungs[1].inner) / 2
    midline = float(np.median(middle[rows]))
    carina = (midline, top + 0.31 * (base - top))
    thorax = float((lungs[1].outer - lungs[0].outer).max())
    if heart is None:
        heart = _between(lungs[0], lungs[1], carina[1] + 0.1 * (base - top))
    return Anatomy(lungs[0], lungs[1], heart, body, midline, carina, thorax)


def _lung(side: Side, mask: Bools) -> Lung:
    size = mask.shape[0]
    rows = np.flatnonzero(mask.any(1))
    first = mask[rows].argmax(1) / size
    last = 1 - mask[rows, ::-1].argmax(1) / size
    inner, outer = (last, first) if side == "right" else (first, last)
    every = np.arange(size)
    edges = [
        ndimage.uniform_filter1d(np.interp(every, rows, edge), max(1, size // 40), mode="nearest")
        for edge in (inner, outer)
    ]
    weight = mask.sum(1)
    filled = rows[weight[rows] > 0.02 * size]
    top, base = float(filled[0]) / size, float(filled[-1] + 1) / size
    hilum_y = top + 0.44 * (base - top)
    hilum_x = float(edges[0][int(hilum_y * size)])
    lateral = -1 if side == "right" else 1
    ys, xs = np.nonzero(mask)
    corner = int(np.argmax(ys + 0.8 * lateral * xs))
    angle = (float(xs[corner] + 0.5) / size, float(ys[corner] + 0.5) / size)
    return Lung(side, mask, edges[0], edges[1], top, base, (hilum_x, hilum_y), angle)


def _dome(lung: Lung, across: float) -> float:
    """Row of the diaphragm in the column this far from the medial to the lateral border."""
    size = lung.mask.shape[0]
    row = int((lung.top + 0.5 * lung.height) * size)
    column = int(((1 - across) * lung.inner[row] + across * lung.outer[row]) * size)
    rows = np.flatnonzero(lung.mask[:, min(size - 1, max(0, column))])
    return float(rows[-1] + 1) / size if rows.size else lung.base


def _between(right: Lung, left: Lung, top: float) -> Bools:
    size = right.mask.shape[0]
    columns = (np.arange(size) + 0.5) / size
    rows = (np.arange(size) + 0.5) / size
    bottom = min(_dome(right, 0.35), _dome(left, 0.55))
    between = (columns[None, :] > right.inner[:, None]) & (columns[None, :] < left.inner[:, None])
    heart: Bools = between & ((rows > top) & (rows < bottom))[:, None]
    return heart
