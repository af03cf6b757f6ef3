"""Hila, branching vessels and the air of trachea and main bronchi."""

from __future__ import annotations

import numpy as np

from training.data.phantom.anatomy import Anatomy, Lung
from training.data.phantom.raster import Strokes, curve, grid, smooth
from training.data.phantom.types import Floats


def branches(strokes: Strokes, lung: Lung, rng: np.random.Generator, width: float, reach: float = 1.0) -> None:
    """Stroke a tree from the hilum into the lung; each generation is thinner and fainter."""
    count = 9
    x = np.full(count, lung.hilum[0])
    y = lung.hilum[1] + rng.uniform(-0.05, 0.05, count)
    angle = np.linspace(-1.35, 1.35, count) + rng.normal(0, 0.12, count)
    length = lung.height * reach * rng.uniform(0.10, 0.17, count)
    for generation in range(5):
        bend = rng.normal(0, 0.18, x.size)
        x1 = x + lung.lateral * np.cos(angle) * length * 0.5
        y1 = y + np.sin(angle) * length * 0.5
        x2 = x1 + lung.lateral * np.cos(angle + bend) * length * 0.5
        y2 = y1 + np.sin(angle + bend) * length * 0.5
        value = 0.95 * 0.74**generation
        for points in np.stack([x, y, x1, y1, x2, y2], 1).reshape(-1, 3, 2):
            strokes.line(points, width * 0.7**generation, value)
        spread = rng.uniform(0.25, 0.5, x.size)
        x, y = np.tile(x2, 2), np.tile(y2, 2)
        angle = np.concatenate([angle + bend + spread, angle + bend - spread])
        length = np.tile(length, 2) * rng.uniform(0.6, 0.95, x.size)
        if x.size > 60:
            keep = rng.permutation(x.size)[:60]
            x, y, angle, length = x[keep], y[keep], angle[keep], length[keep]


def add_vessels(attenuation: Floats, anatomy: Anatomy, aerated: Floats, rng: np.random.Generator) -> Floats:
    """Add hila and vessels where the lung is aerated."""
    strokes = Strokes(anatomy.size, 3)
    for lung in (anatomy.right, anatomy.left):
        branches(strokes, lung, rng, width=5.5 * anatomy.mm)
    tree = smooth(strokes.coverage(), 0.0025)
    x, y = grid(anatomy.size)
    hila = np.zeros_like(attenuation)
    for lung in (anatomy.right, anatomy.left):
        cx, cy = lung.hilum[0] + lung.lateral * 0.008, lung.hilum[1] - (0.02 if lung.side == "left" else 0.0)
        hila += np.exp(-(((x - cx) / 0.03) ** 2) - ((y - cy) / 0.05) ** 2)
    strength = float(rng.uniform(0.16, 0.30))
    return np.asarray(attenuation + aerated * (strength * tree + float(rng.uniform(0.14, 0.28)) * hila), np.float32)


def add_airways(attenuation: Floats, anatomy: Anatomy, rng: np.random.Generator) -> Floats:
    """Take away the attenuation of the air in trachea and main bronchi."""
    strokes = Strokes(anatomy.size)
    cx, cy = anatomy.carina
    sway = float(rng.normal(0, 0.006))
    strokes.line(curve([(cx + sway, -0.02), (cx + sway, cy * 0.5), (cx, cy)]), 17 * anatomy.mm, 1.0)
    for lung in (anatomy.right, anatomy.left):
        strokes.line(curve([(cx, cy - 0.01), ((cx + lung.hilum[0]) / 2, cy + 0.03), lung.hilum]), 11 * anatomy.mm, 0.6)
    return np.asarray(attenuation - float(rng.uniform(0.12, 0.26)) * smooth(strokes.coverage(), 0.004), np.float32)
