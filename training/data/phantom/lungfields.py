"""Lung fields by classical means: a sweep of thresholds, two components, and many reasons to say no."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from scipy.spatial import ConvexHull

from training.data.phantom.types import Bools, Floats

WORK = 128
"""Side of the copy the search runs on."""
DIAMOND = np.abs(np.arange(-2, 3))[:, None] + np.abs(np.arange(-2, 3))[None, :] <= 2


def estimate_lungs(image: NDArray[np.uint8]) -> tuple[Bools, Bools] | None:
    """Lung fields (patient's right, patient's left) of a frontal radiograph, or None when in doubt.

    Parameters
    ----------
    image : uint8 [N, N]
        Displayed brightness, aerated lung dark.
    """
    small = np.asarray(Image.fromarray(image).resize((WORK, WORK), Image.Resampling.BOX), np.float32) / 255
    soft = ndimage.gaussian_filter(small, 1.3)
    gradient = np.hypot(ndimage.sobel(soft, 0), ndimage.sobel(soft, 1))
    best: tuple[float, Bools, Bools] | None = None
    # Exposure often falls off from neck to abdomen: search the picture as it is and levelled.
    level = soft - 0.7 * ndimage.gaussian_filter(soft, 0.22 * WORK)
    pictures = [ndimage.grey_closing(picture, footprint=DIAMOND) for picture in (soft, level)]
    candidates = [(picture, t) for picture in pictures for t in _thresholds(picture)]
    for picture, threshold in candidates:
        # What is below a threshold after closing is what opening leaves of the region below it: narrow bridges go.
        pair = _pair(picture < threshold)
        if pair is None:
            continue
        edge = [_contour(mask) for mask in pair]
        score = float(np.mean([gradient[e].mean() for e in edge])) * float(np.sqrt(pair[0].sum() + pair[1].sum()))
        if best is None or score > best[0]:
            best = (score, *pair)
    if best is None:
        return None
    right, left = (_finish(_reach(soft, _finish(mask))) for mask in best[1:])
    if (right & left).any():
        return None
    if not plausible(right, left) or not (_bounded(soft, right) and _bounded(soft, left)):
        return None
    side = image.shape[0]
    return _enlarge(right, side), _enlarge(left, side)


def _enlarge(mask: Bools, side: int) -> Bools:
    grey = Image.fromarray(np.where(mask, 255, 0).astype(np.uint8))
    return np.asarray(grey.resize((side, side), Image.Resampling.BICUBIC)) > 127


def _thresholds(picture: Floats) -> Floats:
    central = picture[int(0.2 * WORK) : int(0.75 * WORK), int(0.15 * WORK) : int(0.85 * WORK)]
    return np.asarray(np.quantile(central, np.linspace(0.27, 0.70, 9)), np.float32)


def _bounded(soft: Floats, mask: Bools) -> bool:
    """Whether it gets much brighter across the lower border: otherwise the region ends inside the lung."""
    columns = np.flatnonzero(mask.sum(0) > 0.1 * WORK)
    rows = WORK - 1 - mask[::-1, columns].argmax(0)
    inside = soft[np.maximum(rows - 6, 0), columns]
    outside = soft[np.minimum(rows + 6, WORK - 1), columns]
    around = soft[ndimage.binary_dilation(mask, iterations=6) & ~ndimage.binary_dilation(mask, iterations=2)]
    contrast = float(np.median(around)) - float(np.median(soft[mask]))
    return bool(np.median(outside - inside) > 0.45 * contrast and np.mean(outside > inside) > 0.85)


def _pair(opened: Bools) -> tuple[Bools, Bools] | None:
    """The two dark regions that could be lungs, or None."""
    labels, count = ndimage.label(opened)
    if count < 2:
        return None
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    sizes = np.bincount(labels.ravel(), minlength=count + 1).astype(float)
    sizes[border] = 0
    sizes[0] = 0
    if (sizes > 0.035 * WORK * WORK).sum() < 2:
        return None
    first, second = np.argsort(sizes)[-2:]
    masks = sorted((labels == first, labels == second), key=lambda mask: float(np.flatnonzero(mask.any(0)).mean()))
    return masks[0], masks[1]


def _finish(mask: Bools) -> Bools:
    """Fill holes and bays that vessels and ribs leave, and smooth the outline."""
    grown = np.pad(mask, 12)
    near = ndimage.distance_transform_edt(~grown) <= 6
    closed = ndimage.binary_fill_holes(ndimage.distance_transform_edt(near) > 6)
    smooth: Floats = ndimage.gaussian_filter(closed.astype(np.float32), 1.8)
    # The threshold lies inside the true border by about the blur.
    filled: Bools = smooth > 0.42
    return filled[12:-12, 12:-12]


def _reach(soft: Floats, mask: Bools) -> Bools:
    """Add the dark margin around a region: one threshold for the whole lung often stops short of its border."""
    distance = ndimage.distance_transform_edt(~mask)
    lung = float(np.median(soft[mask]))
    around = float(np.median(soft[(distance > 3) & (distance < 7)]))
    grown: Bools = mask | ((distance < 5) & (soft < lung + 0.5 * (around - lung)))
    return grown


def _contour(mask: Bools) -> Bools:
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    return mask & ~inner


def plausible(right: Bools, left: Bools) -> bool:
    """Whether two regions look like the lungs of an upright frontal chest; strict on purpose."""
    boxes = [_box(mask) for mask in (right, left)]
    (rx0, ry0, rx1, ry1), (lx0, ly0, lx1, ly1) = boxes
    area_right, area_left = float(right.mean()), float(left.mean())
    centre = (rx0 + lx1) / 2
    heights = (ry1 - ry0, ly1 - ly0)
    checks = (
        0.055 < area_right < 0.26,
        0.05 < area_left < 0.26,
        0.75 < area_right / area_left < 1.7,
        min(heights) > 0.38 and max(heights) < 0.85,
        max(heights) / min(heights) < 1.22,
        abs(ry0 - ly0) < 0.06,
        # A left base far below the right one is a lung that has leaked into the stomach's bubble.
        -0.06 < ry1 - ly1 < 0.11,
        ry0 > 0.02 and ly0 > 0.02 and ry1 < 0.97 and ly1 < 0.97,
        rx0 > 0.01 and lx1 < 0.99,
        0.40 < centre < 0.60,
        rx1 < lx0 + 0.04,
        0.45 < lx1 - rx0 < 0.95,
        0.16 < rx1 - rx0 < 0.45 and 0.16 < lx1 - lx0 < 0.45,
        _solidity(right) > 0.86,
        _solidity(left) > 0.83,
        _tapers(right) and _tapers(left),
    )
    return all(checks)


def _box(mask: Bools) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if rows.size == 0:
        return (0.0, 0.0, 0.0, 0.0)
    n = mask.shape[0]
    return columns[0] / n, rows[0] / n, (columns[-1] + 1) / n, (rows[-1] + 1) / n


def _solidity(mask: Bools) -> float:
    """Area over the area of the convex hull."""
    points = np.argwhere(_contour(mask))
    return float(mask.sum()) / float(ConvexHull(points).volume + 0.5 * len(points)) if len(points) > 8 else 0.0


def _tapers(mask: Bools) -> bool:
    """A lung is narrower at its apex than at its widest."""
    widths = mask.sum(1)
    rows = np.flatnonzero(widths)
    return bool(widths[rows[int(0.06 * rows.size)]] < 0.85 * widths.max())
