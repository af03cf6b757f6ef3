"""Opacities in the lung: consolidation, nodule or mass, atelectasis, edema."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from training.data.phantom.anatomy import Lung
from training.data.phantom.canvas import Canvas
from training.data.phantom.raster import Strokes, curve, noise, sigmoid, smooth
from training.data.phantom.types import Bools, Floats, PhantomFinding
from training.data.phantom.vessels import branches

ZONES = {"upper zone": (0.06, 0.36), "middle zone": (0.36, 0.66), "lower zone": (0.64, 0.94)}
# Radius in lung heights.
PATCH = {"small": (0.10, 0.13), "moderate": (0.16, 0.21), "large": (0.25, 0.34)}
# Diameter in millimetres.
NODULE = {"small": (10.0, 16.0), "moderate": (17.0, 28.0), "large": (30.0, 48.0)}


def place(canvas: Canvas, lung: Lung, location: str, margin: float, rng: np.random.Generator) -> tuple[float, float]:
    """A point of the lung in this zone, `margin` from its border, away from other findings where that is possible."""
    low, high = ZONES[location]
    zone = (canvas.y > lung.top + low * lung.height) & (canvas.y < lung.top + high * lung.height)
    step = max(1, canvas.size // 128)
    here = (lung.mask & zone)[::step, ::step]
    depth = ndimage.distance_transform_edt(np.pad(lung.mask[::step, ::step], 1))[1:-1, 1:-1] * step / canvas.size
    free = here & ~canvas.taken[::step, ::step]
    if free.sum() >= 0.3 * here.sum():
        here = free
    inside = here & (depth >= min(margin, 0.75 * float(depth[here].max(initial=0.0))))
    ys, xs = np.nonzero(inside if inside.any() else lung.mask[::step, ::step])
    pick = int(rng.random() * ys.size)
    return (float(xs[pick]) * step + 0.5) / canvas.size, (float(ys[pick]) * step + 0.5) / canvas.size


def consolidation(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """Patchy, soft-edged air-space opacity with the texture of unequal filling and sometimes air bronchograms."""
    total = np.zeros((canvas.size, canvas.size), np.float32)
    density = float(rng.uniform(0.55, 0.9))
    for side in finding.sides:
        lung = canvas.anatomy.lung(side)
        radius = float(rng.uniform(*PATCH[finding.severity])) * lung.height
        cx, cy = place(canvas, lung, finding.location, 0.4 * radius, rng)
        weight = np.zeros_like(total)
        for lobe in range(int(rng.integers(3, 6))):
            away = 0.0 if lobe == 0 else 0.55 * radius
            px, py = cx + float(rng.normal(0, 1)) * away, cy + float(rng.normal(0, 1)) * away * 0.8
            size = radius * float(rng.uniform(0.6, 1.0))
            weight = np.maximum(weight, _bump(canvas, px, py, size, size * float(rng.uniform(0.7, 1.1))))
        texture = noise(rng, canvas.size, 14, 3)
        weight = sigmoid((weight - 0.42 + 0.11 * texture) / 0.10) * (0.86 + 0.10 * texture)
        if finding.severity != "small" and rng.random() < 0.6:
            tubes = Strokes(canvas.size)
            branches(tubes, lung, rng, width=3.2 * canvas.anatomy.mm)
            weight *= 1 - np.float32(rng.uniform(0.25, 0.45)) * smooth(tubes.coverage(), 0.003)
        weight *= canvas.lung_weight(lung.mask, extra=0.004, soft=0.006)
        total += canvas.fill(np.clip(weight, 0, 1.1), canvas.soft_tissue(), share=density)
    return canvas.add(total)


def lesion(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """A nodule (up to 30 mm) or mass: round, slightly lobulated or spiculated, denser in its middle."""
    total = np.zeros((canvas.size, canvas.size), np.float32)
    for side in finding.sides:
        lung = canvas.anatomy.lung(side)
        radius = float(rng.uniform(*NODULE[finding.severity])) / 2 * canvas.anatomy.mm
        cx, cy = place(canvas, lung, finding.location, 1.05 * radius, rng)
        dx, dy = canvas.x - np.float32(cx), canvas.y - np.float32(cy)
        angle = np.arctan2(dy, dx)
        lobes = (
            1
            + np.float32(0.07) * np.cos(3 * angle + float(rng.uniform(0, 6)))
            + np.float32(0.05) * np.cos(5 * angle + float(rng.uniform(0, 6)))
        )
        if rng.random() < 0.3:
            lobes = lobes + np.float32(0.06) * np.cos(13 * angle + float(rng.uniform(0, 6)))
        stretch = float(rng.uniform(0.88, 1.12))
        distance = np.sqrt((dx * stretch) ** 2 + (dy / stretch) ** 2) / (radius * lobes)
        chord = np.sqrt(np.clip(1 - distance**2, 0, 1))
        edge = sigmoid((1 - distance) / np.float32(max(0.05, 0.003 / radius)))
        density = np.float32(rng.uniform(0.5, 0.85) if finding.severity == "small" else rng.uniform(0.42, 0.85))
        total += density * edge * (0.5 + 0.5 * chord)
    return canvas.add(smooth(total, 0.0025))


def atelectasis(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """Plate-like bands at the base; when large, a wedge of collapsed lung behind the heart border."""
    total = np.zeros((canvas.size, canvas.size), np.float32)
    for side in finding.sides:
        lung = canvas.anatomy.lung(side)
        strokes = Strokes(canvas.size)
        for _ in range({"small": 1, "moderate": 2, "large": 3}[finding.severity]):
            cx, cy = place(canvas, lung, "lower zone", 0.03, rng)
            cy = min(cy, lung.base - 0.12 * lung.height)
            row = int(cy * canvas.size)
            half = float(rng.uniform(0.3, 0.48)) * abs(float(lung.outer[row] - lung.inner[row]))
            slope = float(rng.normal(0.0, 0.22))
            bow = float(rng.normal(0, 0.006))
            points = [(cx - half, cy - slope * half), (cx, cy + bow), (cx + half, cy + slope * half)]
            strokes.line(curve(points), float(rng.uniform(4.0, 7.5)) * canvas.anatomy.mm, float(rng.uniform(0.75, 1)))
        change = np.float32(rng.uniform(0.42, 0.62)) * smooth(strokes.coverage(), 0.003)
        change = change * canvas.lung_weight(lung.mask, soft=0.006)
        if finding.severity == "large":
            row = int((lung.base - 0.12 * lung.height) * canvas.size)
            wedge = _bump(canvas, float(lung.inner[row]), lung.base - 0.02, 0.30 * lung.height, 0.30 * lung.height)
            field = canvas.lung_weight(lung.mask, extra=0.006, soft=0.006)
            change += canvas.fill(sigmoid((wedge - 0.45) / 0.08) * field, canvas.soft_tissue(), share=0.75)
        total += change
    return canvas.add(total)


def edema(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """Haze around both hila with blurred, crowded vessels; it spreads outwards and down as it grows."""
    strength, spread = {"small": (0.30, 0.80), "moderate": (0.42, 0.98), "large": (0.56, 1.25)}[finding.severity]
    strength *= float(rng.uniform(0.9, 1.15))
    total = np.zeros((canvas.size, canvas.size), np.float32)
    texture = noise(rng, canvas.size, 16, 3)
    for side in ("right", "left"):
        lung = canvas.anatomy.right if side == "right" else canvas.anatomy.left
        width = abs(lung.outer[int(lung.hilum[1] * canvas.size)] - lung.hilum[0])
        cx, cy = lung.hilum[0] + lung.lateral * 0.25 * width, lung.hilum[1] + 0.12 * lung.height
        haze = _bump(canvas, cx, cy, 0.75 * width * spread, 0.36 * lung.height * spread)
        strokes = Strokes(canvas.size)
        branches(strokes, lung, rng, width=8.0 * canvas.anatomy.mm)
        vessels = smooth(strokes.coverage(), 0.007)
        field = canvas.lung_weight(lung.mask, extra=-0.008, soft=0.01)
        total += field * haze * np.float32(strength) * np.clip(0.95 + 0.14 * texture + 0.45 * vessels, 0.2, 2.0)
    return canvas.add(total)


def _bump(canvas: Canvas, cx: float, cy: float, rx: float, ry: float) -> Floats:
    """Gaussian bump that falls to 0.5 at about 0.83 of its radii."""
    return np.asarray(np.exp(-(((canvas.x - cx) / rx) ** 2) - ((canvas.y - cy) / ry) ** 2), np.float32)
