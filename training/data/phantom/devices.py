"""Support devices: thin radiodense lines along the courses they take in patients, and the pacemaker's box."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from training.data.phantom.canvas import Canvas
from training.data.phantom.raster import Points, Strokes, curve, smooth
from training.data.phantom.types import Bools, PhantomFinding


def device(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    """Draw the device the finding names."""
    draw = {
        "pacemaker": _pacemaker,
        "endotracheal tube": _endotracheal,
        "central venous line": _venous_line,
        "nasogastric tube": _nasogastric,
    }[finding.device]
    return draw(canvas, finding, rng)


def _stroke(canvas: Canvas, lines: list[tuple[Points, float, float]], strength: float) -> Bools:
    """Add lines (points, width in mm, relative density); returns a mask a little wider than they are."""
    strokes = Strokes(canvas.size)
    for points, width, density in lines:
        strokes.line(points, width * canvas.anatomy.mm, density)
    cover = strokes.coverage()
    soft = smooth(cover, 0.0018)
    canvas.attenuation = canvas.attenuation + np.float32(strength) * soft
    near: Bools = ndimage.binary_dilation(cover > 0.15, iterations=max(1, round(canvas.size / 256)))
    return near & canvas.anatomy.body


def _offset(points: Points, distance: float) -> Points:
    along = np.gradient(points, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return np.asarray(points + distance * normal)


def _endotracheal(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    a = canvas.anatomy
    cx, cy = a.carina
    tip = cy - float(rng.uniform(22, 55)) * a.mm
    sway = float(rng.normal(0, 2.5)) * a.mm
    course = curve([(cx + sway * 2, -0.03), (cx + sway, 0.5 * tip), (cx + 0.4 * sway, tip)])
    wall = 4.2 * a.mm
    lines = [(course, 8.4, 0.45), (_offset(course, wall), 1.7, 0.85), (_offset(course, -wall), 1.7, 0.85)]
    lines.append((_offset(course, 0.35 * wall), 1.6, 1.0))
    return _stroke(canvas, lines, float(rng.uniform(0.5, 0.75)))


def _nasogastric(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    a = canvas.anatomy
    cx, cy = a.carina
    floor = a.left.base
    u = rng.uniform
    points = [
        (cx + float(u(-3, 5)) * a.mm, -0.03),
        (cx + float(u(2, 7)) * a.mm, cy * 0.6),
        (cx + float(u(5, 10)) * a.mm, cy + 0.05),
        (cx + float(u(6, 13)) * a.mm, 0.5 * (cy + floor)),
        (cx + float(u(14, 22)) * a.mm, floor - 0.03),
        (cx + float(u(32, 48)) * a.mm, floor + float(u(0.02, 0.06))),
        (cx + float(u(44, 70)) * a.mm, floor + float(u(0.07, 0.14))),
    ]
    course = curve(points)
    width = float(u(2.8, 4.2))
    lines = [(course, width, 0.55), (_offset(course, 0.3 * width * a.mm), 1.4, 1.0)]
    lines.append((course[-4:], width, 1.0))
    return _stroke(canvas, lines, float(u(0.35, 0.65)))


def _venous_line(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    a = canvas.anatomy
    cx, cy = a.carina
    u = rng.uniform
    vena_cava = cx - float(u(17, 23)) * a.mm
    tip = (vena_cava - 2 * a.mm, cy + float(u(5, 50)) * a.mm)
    lung = a.lung(finding.sides[0])
    out = lung.lateral
    join = (vena_cava, cy - 0.04)
    if u() < 0.5:  # internal jugular
        start = [
            (cx + out * float(u(34, 46)) * a.mm, -0.02),
            (cx + out * float(u(26, 34)) * a.mm, max(0.04, lung.top - 0.01)),
            (cx + out * float(u(16, 22)) * a.mm, lung.top + 0.07),
        ]
    else:  # subclavian, from below the clavicle or from the arm
        edge = float(lung.outer[int((lung.top + 0.2) * canvas.size)])
        start = [
            (edge + out * float(u(10, 60)) * a.mm, lung.top + float(u(0.10, 0.2))),
            (edge - out * 12 * a.mm, lung.top + float(u(0.06, 0.10))),
            (cx + out * 45 * a.mm, lung.top + float(u(0.035, 0.06))),
            (cx + out * 22 * a.mm, lung.top + 0.08),
        ]
    if finding.laterality == "left":  # across the midline through the brachiocephalic vein
        start.append((cx + 4 * a.mm, cy - 0.075))
        join = (vena_cava + 3 * a.mm, cy - 0.015)
        tip = (tip[0], max(tip[1], cy + 0.04))
    return _stroke(canvas, [(curve([*start, join, tip]), float(u(2.4, 3.4)), 1.0)], float(u(0.45, 0.7)))


def _pacemaker(canvas: Canvas, finding: PhantomFinding, rng: np.random.Generator) -> Bools:
    a = canvas.anatomy
    u = rng.uniform
    lung = a.lung(finding.sides[0])
    out = lung.lateral
    row = lung.top + float(u(0.10, 0.19))
    wall = float(lung.outer[int(row * canvas.size)])
    half = float(u(21, 27)) * a.mm
    bx = float(np.clip(wall + out * float(u(-22, 8)) * a.mm, half + 0.01, 0.99 - half))
    by = row
    angle = float(u(0, 6.3))
    theta = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    # A superellipse: a box with rounded corners.
    cos, sin = np.cos(theta), np.sin(theta)
    box = np.stack([np.sign(cos) * np.abs(cos) ** 0.55, 0.85 * np.sign(sin) * np.abs(sin) ** 0.55], 1) * half
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    strokes = Strokes(canvas.size)
    strokes.polygon(box @ turn + (bx, by), 1.0)
    battery = (box * (0.55, 0.8) + (0.3 * half, 0)) @ turn + (bx, by)
    inner = Strokes(canvas.size)
    inner.polygon(battery)
    body = strokes.coverage()
    canvas.attenuation = canvas.attenuation + np.float32(u(0.75, 1.0)) * smooth(body, 0.0018)
    canvas.attenuation = canvas.attenuation + np.float32(0.25) * smooth(inner.coverage() * body, 0.0018)
    leads = _leads(canvas, (bx - out * 0.7 * half, by - 0.6 * half), out, rng)
    mask = _stroke(canvas, leads, float(u(0.55, 0.8)))
    return (mask | (body > 0.3)) & a.body


def _leads(
    canvas: Canvas, start: tuple[float, float], out: int, rng: np.random.Generator
) -> list[tuple[Points, float, float]]:
    """One or two leads through the great veins to the right atrium and the apex of the right ventricle."""
    a = canvas.anatomy
    u = rng.uniform
    cx, cy = a.carina
    base = float(np.flatnonzero(a.heart.any(1))[-1]) / canvas.size
    columns = np.flatnonzero(a.heart.any(0)) / canvas.size
    vena_cava = cx - float(u(16, 22)) * a.mm
    entry = [start, (cx + out * float(u(48, 60)) * a.mm, start[1] - 0.04), (cx + out * 24 * a.mm, cy - 0.12)]
    if out > 0:
        entry.append((cx - 2 * a.mm, cy - 0.07))
    apex = (cx + 0.62 * (float(columns[-1]) - cx), base - 0.10 * (base - cy))
    atrium = cx - 0.75 * (cx - float(columns[0]))
    low = cy + 0.78 * (base - cy)
    cava = [(vena_cava, cy - 0.02), (vena_cava - 0.004, cy + 0.55 * (base - cy))]
    ventricular = curve([*entry, *cava, (cx - 0.01, low + 0.02), apex])
    leads = [(ventricular, 2.2, 0.8), (ventricular[-5:], 3.4, 1.0)]
    if u() < 0.35:  # a defibrillator's shock coil
        leads.append((ventricular[-14:-5], 4.2, 1.0))
    if u() < 0.6:
        atrial = curve([*entry, (vena_cava - 0.006, cy - 0.01), (vena_cava - 0.012, low - 0.05), (atrium, low - 0.10)])
        leads += [(atrial, 2.2, 0.8), (atrial[-4:], 3.2, 1.0)]
    return leads
