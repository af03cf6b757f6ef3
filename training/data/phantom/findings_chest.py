"""Findings of heart and ribs."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from training.data.phantom.canvas import Canvas
from training.data.phantom.procedural import heart_points
from training.data.phantom.raster import polygon, sigmoid, smooth
from training.data.phantom.types import Bools, Floats, PhantomFinding

# Cardiothoracic ratio after enlargement.
RATIO = {"small": (0.535, 0.565), "moderate": (0.585, 0.625), "large": (0.65, 0.73)}


def cardiomegaly(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """A heart widened to a cardiothoracic ratio above one half; the mask is the whole heart."""
    anatomy = canvas.anatomy
    ratio = float(rng.uniform(*RATIO[finding.severity]))
    base = _diaphragm(canvas)
    outline = heart_points(ratio * anatomy.thorax, anatomy.carina[1], base, rng, anatomy.midline, jitter=0.02)
    shape = polygon(outline, canvas.size)
    below = canvas.y > anatomy.carina[1] + 0.04
    weight = smooth(shape, 0.004) * sigmoid((canvas.y - anatomy.carina[1] - 0.06) / 0.015)
    canvas.attenuation = canvas.attenuation + canvas.fill(weight, canvas.soft_tissue() + float(rng.uniform(0.0, 0.06)), share=0.9)
    heart: Bools = ((shape > 0.5) & below) | anatomy.heart
    canvas.anatomy = anatomy.with_heart(heart)
    return heart & anatomy.body


def _diaphragm(canvas: Canvas) -> float:
    """Row where the heart rests: the diaphragm medially, mean of both sides."""
    rows = []
    for lung in (canvas.anatomy.right, canvas.anatomy.left):
        row = int((lung.base - 0.25 * lung.height) * canvas.size)
        x = 0.6 * float(lung.inner[row]) + 0.4 * float(lung.outer[row])
        column = np.flatnonzero(lung.mask[:, min(canvas.size - 1, int(x * canvas.size))])
        rows.append(float(column[-1]) / canvas.size if column.size else lung.base)
    return float(np.mean(rows))


def fracture(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """A displaced rib: the cortex steps across a thin gap, with some callus or swelling around it."""
    total = np.zeros((canvas.size, canvas.size), np.bool_)
    for side in finding.sides:
        total |= _break(canvas, side == "right", rng)
    return total & canvas.anatomy.body


def _break(canvas: Canvas, on_right: bool, rng: np.random.Generator) -> Bools:
    anatomy, size = canvas.anatomy, canvas.size
    lung = anatomy.right if on_right else anatomy.left
    # The brightest rib in the outer third of the lung, away from apex and base.
    across = (canvas.x - lung.inner[:, None]) / np.where(lung.outer - lung.inner == 0, 1, lung.outer - lung.inner)[:, None]
    rows = (canvas.y > lung.top + 0.22 * lung.height) & (canvas.y < lung.top + 0.75 * lung.height)
    ridge = smooth(canvas.attenuation, 0.008) - smooth(canvas.attenuation, 0.03)
    score = ridge + 0.03 * rng.standard_normal(ridge.shape, dtype=np.float32)
    score = np.where(lung.mask & rows & (across > 0.62) & (across < 0.88) & ~canvas.taken, score, -9)
    row, column = divmod(int(score.argmax()), size)
    cx, cy = (column + 0.5) / size, (row + 0.5) / size
    reach = 13 * anatomy.mm
    dx, dy = canvas.x - np.float32(cx), canvas.y - np.float32(cy)
    near = np.exp(-((dx**2 + dy**2) / np.float32(2 * reach**2)) ** 2)
    tilt = np.float32(rng.uniform(-0.3, 0.3))
    across_gap = dx + tilt * dy
    shift = np.float32(rng.uniform(4.5, 7.0) * anatomy.mm) * near * np.sign(across_gap)
    moved = _displace(canvas.attenuation, shift)
    gap = np.exp(-((across_gap / np.float32(1.6 * anatomy.mm)) ** 2)) * near * np.exp(-((dy / (9 * anatomy.mm)) ** 2))
    callus = np.float32(0.12) * np.exp(-(dx**2 + dy**2) / np.float32((8 * anatomy.mm) ** 2))
    canvas.attenuation = np.asarray(moved - 0.22 * gap + callus, np.float32)
    mask: Bools = near > 0.6
    return mask


def _displace(image: Floats, shift: Floats) -> Floats:
    """Move rows by `shift` (fractions of the side, positive downwards)."""
    size = image.shape[0]
    rows, columns = np.nonzero(np.abs(shift) * size > 0.05)
    moved = image.copy()
    source = [rows - shift[rows, columns] * size, columns.astype(np.float32)]
    moved[rows, columns] = ndimage.map_coordinates(image, source, order=1, mode="nearest")
    return moved
