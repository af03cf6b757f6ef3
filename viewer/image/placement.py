"""Where something may lie over the picture and hide least of it (no widget here)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FINE = 4
"""Side, in screen pixels, of what is looked at: strokes of a marker in the picture are seen."""

CELL = 16
"""Side, in screen pixels, of a cell of the cost."""

INSIDE, MIDDLE, HEAT = 0.05, 0.3, 8.0
"""Cost of lying over the picture at all, what its middle costs beyond its rim, and that of a heat map in full colour.

Full contrast of the picture costs 1.
"""


@dataclass(frozen=True)
class Box:
    """A rectangle in screen pixels."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether two rectangles overlap."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def cost_of_hiding(gray: npt.NDArray[np.uint8], heat: npt.NDArray[np.float32], picture: Box) -> npt.NDArray[np.float32]:
    """Return what each cell of the window is worth.

    Parameters
    ----------
    gray : ndarray of uint8, shape (FINE rows, FINE columns)
        The window's gray levels in steps of `FINE` pixels.
    heat : ndarray of float32, the same shape
        Opacity of the heat maps, 0..1.
    picture : Box
        Where the picture lies; nothing is lost beside it.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        In steps of `CELL` pixels.
    """
    step = CELL // FINE
    rows, columns = gray.shape[0] // step, gray.shape[1] // step
    shape = (rows, step, columns, step)
    blocks = gray[: rows * step, : columns * step].reshape(shape)
    contrast = (blocks.max((1, 3)).astype(np.float32) - blocks.min((1, 3))) / np.float32(255)
    warmth = heat[: rows * step, : columns * step].reshape(shape).max((1, 3))
    # How far from the picture's middle each cell is, as a share of the way to its rim; above 1 is beside it.
    down = np.abs(np.arange(rows) * CELL + CELL / 2 - picture.y - picture.height / 2) / max(picture.height / 2, 1.0)
    across = np.abs(np.arange(columns) * CELL + CELL / 2 - picture.x - picture.width / 2) / max(picture.width / 2, 1.0)
    way = np.maximum(down[:, None], across[None, :])
    worth = np.where(way < 1.0, INSIDE + MIDDLE * (1.0 - way), 0.0)
    cost: npt.NDArray[np.float32] = (contrast + HEAT * warmth + worth).astype(np.float32)
    return cost


def best_place(
    cost: npt.NDArray[np.float32], area: Box, size: tuple[float, float], taken: Sequence[Box], margin: float
) -> tuple[float, float]:
    """Return the top left corner, along the right or the left edge, where a rectangle hides least.

    Parameters
    ----------
    taken : sequence of Box
        Where it must not lie: other texts. Where no place is free of them, it lies at the top right.
    """
    width, height = size
    sums = np.zeros((cost.shape[0] + 1, cost.shape[1] + 1), dtype=np.float64)
    sums[1:, 1:] = cost.cumsum(0, dtype=np.float64).cumsum(1)
    right, left = area.x + area.width - width - margin, area.x + margin
    tops = np.arange(area.y + margin, area.y + area.height - height - margin + 1, CELL / 2)
    first, last = (_cell(edge, cost.shape[0]) for edge in (tops, tops + height + CELL - 1))
    best, least = (max(left, right), area.y + margin), np.inf
    for x in (right, left):
        start, end = (int(_cell(np.array(edge), cost.shape[1])) for edge in (x, x + width + CELL - 1))
        columns = sums[:, end] - sums[:, start]
        totals = columns[last] - columns[first]
        for other in taken:
            if Box(x, other.y, width, other.height).meets(other):
                totals[(tops < other.y + other.height) & (other.y < tops + height)] = np.inf
        if totals.size and totals.min() < least - 1e-3:
            least = float(totals.min())
            # Of places that are as good as each other the highest.
            best = (x, float(tops[np.argmax(totals <= least + 1e-3)]))
    return best


def _cell(edge: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.int64]:
    """Number of the cell that an edge lies in, within the window."""
    return np.clip(edge // CELL, 0, count).astype(np.int64)
