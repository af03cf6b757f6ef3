"""Enlargement of the heart."""

from __future__ import annotations

import numpy as np

from training.data.phantom.canvas import Canvas
from training.data.phantom.procedural import heart_points
from training.data.phantom.raster import grow, polygon, sigmoid, smooth
from training.data.phantom.types import Bools, PhantomFinding

# Cardiothoracic ratio after enlargement.
RATIO = {"small": (0.535, 0.565), "moderate": (0.585, 0.625), "large": (0.65, 0.73)}


def cardiomegaly(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """A heart widened to a cardiothoracic ratio above one half; the mask is the whole heart."""
    anatomy = canvas.anatomy
    ratio = float(rng.uniform(*RATIO[finding.severity]))
    base = _diaphragm(canvas) + 0.02 * anatomy.thorax
    outline = heart_points(ratio * anatomy.thorax, anatomy.carina[1], base, rng, midline=anatomy.midline, jitter=0.03)
    # The heart rests on the diaphragm: its outline goes on below and is cut off there.
    left, right = anatomy.left.inner[:, None], anatomy.right.inner[:, None]
    middle = (canvas.x > right) & (canvas.x < left) & (canvas.y > anatomy.carina[1]) & (canvas.y < base - 0.02)
    chest = grow(anatomy.lungs | anatomy.heart | middle, 0.012)
    shape = polygon(outline, canvas.size) * chest
    below = canvas.y > anatomy.carina[1] + 0.04
    weight = smooth(shape, 0.0035) * sigmoid((canvas.y - anatomy.carina[1] - 0.06) / 0.015)
    level = canvas.soft_tissue() + float(rng.uniform(0.02, 0.10))
    canvas.attenuation = canvas.attenuation + canvas.fill(weight, level, share=0.9)
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
