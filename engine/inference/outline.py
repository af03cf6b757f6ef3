"""The line around the places where a heat map exceeds a level (marching squares)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

STRIDE = 2
"""Every second pixel of a map is looked at: maps are smooth, patches are dozens of pixels wide."""

Line = npt.NDArray[np.float64]


def outline(density: npt.NDArray[np.float32], level: float) -> tuple[Line, ...]:
    """Return closed lines around all places with at least this density.

    Parameters
    ----------
    density : ndarray of float32, shape (height, width)
        A map on a grid that covers the whole image.
    level : float
        Above 0.

    Returns
    -------
    tuple of ndarray of float64, shape (points, 2)
        (x, y) in units of the image's width and height, 0..1; the last point of a line is the first.

    Notes
    -----
    Lorensen & Cline, "Marching cubes", SIGGRAPH 1987, in two dimensions. Each crossing of a grid edge begins one piece
    in one of the two cells that share the edge and ends one in the other: pieces are joined by the edge's number.
    """
    height, width = density.shape
    grid = np.pad(density[::STRIDE, ::STRIDE], 1)
    inside = grid >= level
    first = inside[:-1, :-1]
    mixed = (first != inside[:-1, 1:]) | (first != inside[1:, :-1]) | (first != inside[1:, 1:])
    rows, columns = np.nonzero(mixed)
    if rows.size == 0:
        return ()
    # Corners clockwise from the top left; edge k goes from corner k to corner k + 1.
    corners = np.stack([inside[rows + down, columns + right] for down, right in _CORNERS])
    following = np.roll(corners, -1, axis=0)
    leaves, enters = corners & ~following, ~corners & following
    count = grid.size
    edges = np.stack([_number(rows, columns, k, grid.shape[1], count) for k in range(4)])
    ends = np.broadcast_to(np.take_along_axis(edges, enters.argmax(0)[None], 0), edges.shape)
    # Where two opposite corners are inside, each is cut off by itself.
    ends = np.where(leaves.sum(0) == 2, np.roll(edges, 1, axis=0), ends)
    starts, ends = edges[leaves], ends[leaves]
    points = _points(grid, starts, level, (height, width))
    return tuple(_joined(starts.tolist(), ends.tolist(), points.tolist()))


_CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))


def _number(
    rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], edge: int, width: int, count: int
) -> npt.NDArray[np.int64]:
    """Number of an edge of a cell: horizontal ones by their left end, then vertical ones by their upper end."""
    number: npt.NDArray[np.int64] = rows * width + columns
    return (number, number + 1 + count, number + width, number + count)[edge]


def _points(
    grid: npt.NDArray[np.float32], edges: npt.NDArray[np.int64], level: float, size: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """Where the level is crossed on these edges, (x, y) in 0..1."""
    vertical, near = edges // grid.size, edges % grid.size
    values = grid.ravel()
    low, high = values[near].astype(np.float64), values[near + np.where(vertical, grid.shape[1], 1)]
    share = np.clip((level - low) / np.where(high == low, 1.0, high - low), 0.0, 1.0)
    x = near % grid.shape[1] - 1 + share * (1 - vertical)
    y = near // grid.shape[1] - 1 + share * vertical
    height, width = size
    made = np.stack([(x * STRIDE + 0.5) / width, (y * STRIDE + 0.5) / height], axis=1)
    clipped: npt.NDArray[np.float64] = np.clip(made, 0.0, 1.0)
    return clipped


def _joined(starts: list[int], ends: list[int], points: list[list[float]]) -> list[Line]:
    after, place = dict(zip(starts, ends, strict=True)), dict(zip(starts, points, strict=True))
    lines = []
    while after:
        begin, here = next(iter(after.items()))
        del after[begin]
        line = [place[begin]]
        while here != begin:
            line.append(place[here])
            here = after.pop(here)
        line.append(place[begin])
        lines.append(np.array(line, dtype=np.float64))
    return lines
