"""Measures of one heat map against one mask, and of what its order of patches does to a score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from training.evaluation.phantoms import within

Mask = npt.NDArray[np.bool_]
Heat = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.float32]

HALF = 0.5
"""Share of a map's peak above which a pixel counts as marked."""
SHARES = (0.0, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16, 0.24, 0.36, 0.5, 0.75, 1.0)
"""Shares of the patches at which a curve is read: densely where the first patches go, which findings are made of."""


def pointing(heat: Heat, mask: Mask, patch: float) -> tuple[bool, bool]:
    """Whether the peak lies inside the mask, and whether it lies at most `patch` pixels from it (pointing game)."""
    row, column = np.unravel_index(int(np.argmax(heat)), mask.shape)
    return bool(mask[row, column]), within(mask, (int(row), int(column)), patch)


def overlap(marked: Mask, mask: Mask) -> float:
    """Return the intersection over union; 0 where both are empty."""
    union = int((marked | mask).sum())
    return float((marked & mask).sum()) / union if union else 0.0


def above_half(heat: Heat) -> Mask:
    """Mark the pixels above half of the peak; none where nothing is positive."""
    peak = float(heat.max())
    return np.asarray(heat > HALF * peak) if peak > 0.0 else np.zeros(heat.shape, dtype=np.bool_)


def strongest(heat: Heat, count: int) -> Mask:
    """Mark the `count` strongest pixels; of equal ones the first in reading order."""
    marked = np.zeros(heat.size, dtype=np.bool_)
    marked[np.argsort(-heat.ravel(), kind="stable")[:count]] = True
    return marked.reshape(heat.shape)


def share_inside(heat: Heat, mask: Mask) -> float:
    """Return the share of the map's positive part that lies inside the mask; NaN where nothing is positive."""
    positive = np.maximum(heat, 0.0, dtype=np.float64)
    total = float(positive.sum())
    return float(positive[mask].sum()) / total if total > 0.0 else float("nan")


def exchange(
    score: Callable[[Pixels], Floats],
    start: Pixels,
    end: Pixels,
    ends: tuple[float, float],
    *,
    patches: Floats,
    grid: tuple[int, int],
) -> Floats:
    """Score an image while its patches are exchanged for another's, those with the most heat first.

    Parameters
    ----------
    score : callable
        From pixel values (N, 3, H, W) to numbers (N,).
    start, end : ndarray of float32, shape (1, 3, H, W)
        The image before and after.
    ends : tuple of float
        Their scores, which do not depend on the map.
    patches : ndarray of float64, shape (P,)
        The map.

    Returns
    -------
    ndarray of float64, shape (len(SHARES),)
        The score at each of `SHARES`. From the image to a grey one it is the deletion curve, from a blurred one to the
        image the insertion curve (Petsiuk et al. 2018).
    """
    order = np.argsort(-patches, kind="stable")
    rank = np.empty(order.size, dtype=np.intp)
    rank[order] = np.arange(order.size)
    height, width = start.shape[2] // grid[0], start.shape[3] // grid[1]
    inputs = []
    for share in SHARES[1:-1]:
        gone = (rank < round(share * order.size)).reshape(grid).repeat(height, axis=0).repeat(width, axis=1)
        inputs.append(np.where(gone, end[0], start[0]))
    return np.array([ends[0], *score(np.stack(inputs).astype(np.float32)), ends[1]])


def area(curve: Floats) -> float:
    """Return the area under a curve read at `SHARES`, by trapezoids."""
    return float(np.trapezoid(curve, SHARES))
