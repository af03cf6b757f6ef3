"""Fluid and air in the pleural space."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from training.data.phantom.anatomy import Lung
from training.data.phantom.canvas import Canvas
from training.data.phantom.raster import noise, sigmoid, smooth
from training.data.phantom.types import Bools, Floats, PhantomFinding

# Height of the fluid at the chest wall, in lung heights.
FLUID = {"small": (0.15, 0.22), "moderate": (0.27, 0.42), "large": (0.52, 0.78)}
# Gap between chest wall and lung at the apex, and how far down it reaches, in lung heights.
GAP = {"small": (0.08, 0.11, 0.45), "moderate": (0.12, 0.17, 0.85), "large": (0.22, 0.34, 1.4)}


def effusion(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """Fluid that gathers at the base, highest along the chest wall (meniscus), blunting the costophrenic angle."""
    total = np.zeros((canvas.size, canvas.size), np.float32)
    for side in finding.sides:
        total += _fluid(canvas, canvas.anatomy.lung(side), float(rng.uniform(*FLUID[finding.severity])), rng)
    return canvas.add(total)


def _fluid(canvas: Canvas, lung: Lung, height: float, rng: np.random.Generator) -> Floats:
    inner, outer = lung.inner[:, None].astype(np.float32), lung.outer[:, None].astype(np.float32)
    width = np.where(np.abs(outer - inner) > 0.02, outer - inner, lung.lateral * np.float32(0.02))
    across = np.clip((canvas.x - inner) / width, 0, 1)
    base = lung.angle[1]
    # A small effusion fills the angle only; a large one reaches the mediastinum, still lower there than at the wall.
    medial = np.float32(np.clip((height - 0.08) / 0.35, 0.0, 0.85))
    profile = medial + (1 - medial) * across**2
    wave = np.float32(0.012) * noise(rng, canvas.size, 3, 1)
    surface = base - lung.height * (height * profile) + wave
    depth = (canvas.y - surface) / np.float32(lung.height)
    weight = sigmoid(depth / np.float32(rng.uniform(0.012, 0.03)))
    # The film of fluid thickens downwards.
    weight *= 0.78 + 0.22 * np.clip(depth / 0.15, 0, 1)
    field = canvas.lung_weight(lung.mask, extra=0.014, soft=0.005)
    level = canvas.soft_tissue() + float(rng.uniform(-0.02, 0.14))
    return canvas.fill(weight * field, level, share=0.92)


def pneumothorax(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """Air between chest wall and lung, most at the apex: darker, without vessels, bounded by a thin pleural line."""
    total = np.zeros((canvas.size, canvas.size), np.float32)
    mask = np.zeros(total.shape, np.bool_)
    for side in finding.sides:
        change, air = _air(canvas, canvas.anatomy.lung(side), finding.severity, rng)
        total += change
        mask |= air
    canvas.attenuation = canvas.attenuation + total
    return mask & canvas.anatomy.body


def _air(canvas: Canvas, lung: Lung, severity: str, rng: np.random.Generator) -> tuple[Floats, Bools]:
    low, high, reach = GAP[severity]
    gap = float(rng.uniform(low, high)) * lung.height
    # The mediastinal and diaphragmatic borders do not let go: extend the field there before measuring depth.
    filled = lung.mask | (_medial(canvas, lung) & (canvas.y > lung.top + 0.01))
    base = np.float32(lung.base - 0.02 * lung.height)
    filled = filled | ((canvas.y > base) & _between(canvas, lung))
    depth = smooth((ndimage.distance_transform_edt(filled) / canvas.size).astype(np.float32), 0.008)
    fall = np.clip((canvas.y - lung.top) / np.float32(lung.height * reach), 0, 1)
    here = gap * np.sqrt(1 - fall) * (1 + np.float32(0.06) * noise(rng, canvas.size, 3, 1))
    beyond = (here - depth) / np.float32(0.0025)
    field = canvas.lung_weight(lung.mask, soft=0.003)
    air = sigmoid(beyond) * field * sigmoid((here - 0.006) / 0.002)
    # Without vessels: an opening removes what is thin and bright, ribs are broader and stay.
    pixels = max(3, round(0.016 * canvas.size) | 1)
    plain = smooth(ndimage.grey_opening(canvas.attenuation, (pixels, pixels)).astype(np.float32), 0.004)
    darker = np.float32(rng.uniform(0.12, 0.24))
    line = np.exp(-(((depth - here - 0.002) / np.float32(0.0035)) ** 2)) * field * sigmoid((here - 0.01) / 0.003)
    collapse = np.float32({"small": 0.04, "moderate": 0.1, "large": 0.26}[severity])
    lung_side = (1 - sigmoid(beyond)) * field * sigmoid((here - 0.006) / 0.006)
    change = air * (plain - canvas.attenuation - darker) + np.float32(rng.uniform(0.2, 0.32)) * line
    change += collapse * lung_side
    seen: Bools = (air > 0.4) | (line > 0.4)
    return change.astype(np.float32), seen


def _medial(canvas: Canvas, lung: Lung) -> Bools:
    inner = lung.inner[:, None] + 0.004 * lung.lateral
    medial: Bools = canvas.x > inner if lung.side == "right" else canvas.x < inner
    return medial


def _between(canvas: Canvas, lung: Lung) -> Bools:
    outer = lung.outer[:, None]
    inside: Bools = canvas.x > outer if lung.side == "right" else canvas.x < outer
    return inside
