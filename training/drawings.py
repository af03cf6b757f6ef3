"""Drawn radiographs of other views and body parts, for the input gate: chest from the side, jaws, skull, pelvis."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from training.data.phantom.raster import Strokes, curve, grid, noise, polygon, sigmoid, smooth

FloatImage = npt.NDArray[np.float32]
SIDE = 256


def lateral(rng: np.random.Generator, chest: FloatImage | None = None) -> FloatImage:
    """Return a chest seen from the side.

    Parameters
    ----------
    chest : ndarray of float32, shape (rows, columns), optional
        A radiograph whose fine structure is laid over the lungs, so that a drawing is not known by its smoothness.
    """
    u = rng.uniform
    x, y = grid(SIDE)
    left, right = u(-0.05, 0.2), u(0.78, 1.05)
    bulge = u(0.0, 0.12) * np.exp(-(((y - u(0.3, 0.6)) / 0.3) ** 2))
    breast = (u(0.04, 0.16) if u() < 0.4 else 0.0) * np.exp(-(((y - u(0.55, 0.72)) / u(0.07, 0.14)) ** 2))
    shoulder = u(0.05, 0.25) * sigmoid((u(0.05, 0.2) - y) / 0.05)
    front = left + 0.06 + shoulder - bulge - breast + u(-0.1, 0.1) * (y - 0.5)
    back = right - 0.04 - 0.8 * shoulder + u(0.0, 0.08) * np.sin(np.pi * np.clip(y + u(-0.1, 0.2), 0, 1))
    skin = np.minimum(x - front, back - x)
    body = sigmoid(skin / 0.005)
    width = right - left
    top, low = u(0.06, 0.2), u(0.62, 0.82)
    outline = [(0.52, 0.0), (0.34, 0.10), (0.20, 0.28), (0.14, 0.52), (0.12, 0.78)]
    outline += [(0.22, 0.84), (0.42, 0.86), (0.62, 0.98), (0.78, 1.14 + u(-0.08, 0.12))]
    outline += [(0.88, 0.92), (0.92, 0.62), (0.86, 0.30), (0.72, 0.06)]
    shape = [
        (left + width * (px + rng.normal(0, 0.02)), top + (low - top) * (py + rng.normal(0, 0.015)))
        for px, py in outline
    ]
    lung = smooth(polygon(curve(shape, closed=True), SIDE), 0.004)
    tissue = body * (0.4 + 0.5 * (1 - np.exp(-np.maximum(skin, 0) / 0.08))) - 0.5 * (1 - body)
    tissue += 0.25 * body * sigmoid((0.12 - y) / 0.05) + 0.2 * body * sigmoid((y - low - 0.05) / 0.03)
    air = lung * (0.45 + 0.15 * noise(rng, SIDE, 4, 2) * 0.5)
    heart = np.exp(
        -((((x - left - u(0.28, 0.4) * width) / (0.22 * width)) ** 2 + ((y - low + 0.02) / u(0.16, 0.28)) ** 2) ** 1.5)
    )
    picture = tissue - air * (1 - u(0.4, 0.8) * heart)
    picture += (
        _spine(rng, x, y, centre=left + width * u(0.74, 0.86), width=u(0.05, 0.09) * width, bend=u(0.05, 0.2)) * body
    )
    picture += _strokes(rng, (left + 0.52 * width, top + 0.45 * (low - top)), lung) * u(0.05, 0.2)
    trachea = np.exp(-(((x - left - width * (0.5 + 0.15 * y)) / 0.02) ** 2)) * sigmoid((0.4 - y) / 0.05)
    picture -= u(0.0, 0.25) * trachea * body
    for _ in range(int(rng.integers(0, 4))):  # gas under the diaphragm
        gas = ((x - left - width * u(0.2, 0.8)) / u(0.03, 0.12)) ** 2 + ((y - u(low + 0.08, 1.0)) / u(0.02, 0.05)) ** 2
        picture -= 0.2 * sigmoid((1 - gas) / 0.15) * body
    if chest is not None:
        detail = _detail(rng, chest)
        picture += u(0.5, 1.2) * detail * (0.3 + 0.7 * lung) * body
    if u() < 0.5:
        picture = picture[:, ::-1]
    return _exposed(picture, rng)


def panoramic(rng: np.random.Generator) -> FloatImage:
    """Return jaws unrolled as a dental panoramic shows them: two rows of teeth in an arch, the jaw's rami aside."""
    u = rng.uniform
    x, y = grid(SIDE)
    smile, middle = u(0.05, 0.35), u(0.45, 0.58)
    arch = middle - smile * (2 * (x - 0.5)) ** 2
    picture = 0.35 + 0.25 * noise(rng, SIDE, 3, 3) * 0.4 - 0.25 * sigmoid((arch - 0.3 - y) / 0.05)
    jaw = np.abs(y - arch - 0.12) < u(0.16, 0.24)
    picture = picture + 0.2 * ndimage.gaussian_filter(jaw.astype(float), 5)
    picture += 0.15 * np.exp(-(((x - 0.5) / u(0.05, 0.1)) ** 2))  # the spine's ghost
    for side in (-1, 1):  # rami, and air beside them
        ramus = np.abs(np.abs(x - 0.5) - u(0.33, 0.38)) < 0.06
        picture += 0.25 * ndimage.gaussian_filter((ramus & (y > 0.12) & (y < middle + 0.15)).astype(float), 4)
        picture -= 0.35 * np.exp(-(((x - 0.5 - side * u(0.45, 0.52)) / 0.05) ** 2)) * (y > 0.4)
        sinus = ((x - 0.5 - side * u(0.14, 0.2)) / 0.1) ** 2 + ((y - middle + 0.27) / 0.08) ** 2
        picture -= 0.2 * sigmoid((1 - sinus) / 0.2)
    strokes, count = Strokes(SIDE), int(rng.integers(11, 18))
    for row in (-1, 1):
        for k in range(count):
            if u() < 0.1:
                continue
            cx = 0.5 + (k - (count - 1) / 2) * u(0.62, 0.66) / count
            half, length = u(0.35, 0.48) * 0.64 / count, u(0.08, 0.14)
            cy = middle - smile * (2 * (cx - 0.5)) ** 2 + row * 0.01
            crown, tip = cy + row * 0.4 * length, cy + row * (0.4 * length + length)
            tooth = [(cx - half, cy), (cx + half, cy), (cx + half, crown), (cx + 0.3 * half, tip)]
            tooth += [(cx - 0.3 * half, tip), (cx - half, crown)]
            strokes.polygon(np.array(tooth), u(0.6, 1.0))
    picture += u(0.25, 0.5) * smooth(strokes.coverage(), 0.003) + 0.05 * noise(rng, SIDE, 40, 2) * 0.5
    if u() < 0.3:
        picture = picture[int(u(0, 0.2) * SIDE) : int(u(0.75, 1.0) * SIDE)]
    shown = _exposed(picture, rng)
    if u() < 0.4:  # the film is wide: on a square sheet black is above and below
        above, below = (int(v) for v in rng.integers(0, 220, 2))
        shown = np.pad(shown, ((above, below), (0, 0)))
    return shown


def skull(rng: np.random.Generator) -> FloatImage:
    """Return a head from the front or the side: a bright rim round a grey oval, orbits or a jaw in it, a neck below."""
    u = rng.uniform
    x, y = grid(SIDE)
    cx, cy, a, b = u(0.42, 0.58), u(0.35, 0.45), u(0.26, 0.42), u(0.28, 0.38)
    radius = np.sqrt(((x - cx) / a) ** 2 + ((y - cy) / b) ** 2)
    picture = 0.45 * sigmoid((1 - radius) / 0.03) + 0.4 * np.exp(-(((radius - 0.95) / 0.05) ** 2))
    picture += 0.35 * (np.abs(x - cx - u(-0.1, 0.1)) < u(0.1, 0.2)) * sigmoid((y - cy - 0.5 * b) / 0.03)
    aside = 0.0 if u() < 0.5 else u(0.5, 0.9) * a  # from the side the face lies at one edge
    for side in (-1, 1):
        hole = ((x - cx - aside - side * u(0.1, 0.13)) / u(0.05, 0.09)) ** 2 + ((y - cy - 0.12) / 0.06) ** 2
        picture -= u(0.1, 0.3) * sigmoid((1 - hole) / 0.2) - 0.15 * np.exp(-((hole - 1) ** 2) / 0.05)
    jaw = ((x - cx - 0.5 * aside) / 0.2) ** 2 + ((y - cy - 0.3) / 0.16) ** 2
    picture += 0.3 * sigmoid((1 - jaw) / 0.1) + 0.05 * noise(rng, SIDE, 12, 4)
    return _exposed(picture, rng)


def pelvis(rng: np.random.Generator) -> FloatImage:
    """Return a pelvis, a hip or an abdomen: iliac wings and hips or gas, round a spine in grey soft tissue."""
    u = rng.uniform
    x, y = grid(SIDE)
    skin = u(0.4, 0.6) - np.abs(x - 0.5)
    body = sigmoid(skin / 0.01)
    picture = body * (0.35 + 0.25 * (1 - np.exp(-np.maximum(skin, 0) / 0.15))) + 0.08 * noise(rng, SIDE, 4, 3) * body
    hips, level = u() < 0.65, u(0.25, 0.6)
    picture += _spine(rng, x, y, centre=0.5, width=u(0.05, 0.08), bend=0.0) * sigmoid(
        ((level if hips else 1.1) - y) / 0.05
    )
    for side in (-1, 1) if hips else ():
        wing = ((x - 0.5 - side * u(0.2, 0.26)) / 0.17) ** 2 + ((y - level + side * 0.01) / u(0.15, 0.22)) ** 2
        picture += 0.15 * sigmoid((1 - wing) / 0.1) + 0.2 * np.exp(-(((wing - 1) / 0.12) ** 2))
        head = ((x - 0.5 - side * 0.29) / 0.065) ** 2 + ((y - level - 0.2) / 0.07) ** 2
        shaft = np.abs(x - 0.5 - side * (0.34 + 0.05 * (y - level))) / 0.05
        picture += 0.25 * sigmoid((1 - head) / 0.1) + 0.25 * sigmoid((1 - shaft) / 0.1) * (y > level + 0.25)
        ring = ((x - 0.5 - side * 0.12) / 0.08) ** 2 + ((y - level - 0.3) / 0.06) ** 2
        picture += 0.25 * np.exp(-(((ring - 1) / 0.3) ** 2))
    for _ in range(int(rng.integers(0, 25))):
        gas = ((x - u(0.2, 0.8)) / u(0.02, 0.09)) ** 2 + ((y - u(0, 1)) / u(0.02, 0.06)) ** 2
        picture -= u(0.05, 0.2) * sigmoid((1 - gas) / 0.2) * body
    cut = u(0, 0.4) if u() < 0.4 else 0.0  # one hip alone
    return _exposed(picture[:, int(cut * SIDE) :], rng)


def _spine(
    rng: np.random.Generator, x: FloatImage, y: FloatImage, *, centre: float, width: float, bend: float
) -> FloatImage:
    middle = centre + bend * (0.25 - (y - rng.uniform(0.4, 0.6)) ** 2) - 0.2 * bend
    height = rng.uniform(0.05, 0.1)
    disc = 0.5 + 0.5 * np.cos(2 * np.pi * y / height)
    return np.asarray(np.exp(-(((x - middle) / width) ** 4)) * (0.1 + rng.uniform(0.05, 0.2) * disc), dtype=np.float32)


def _strokes(rng: np.random.Generator, hilum: tuple[float, float], lung: FloatImage) -> FloatImage:
    """Vessels from the hilum outwards, and ribs that run down to the front."""
    strokes = Strokes(SIDE)
    for _ in range(int(rng.integers(20, 60))):
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.08, 0.35)
        steps = np.linspace(0, 1, 5)[:, None]
        way = np.array([[np.cos(angle), np.sin(angle)]]) * length * steps + 0.02 * rng.standard_normal((5, 2)) * steps
        strokes.line(np.array(hilum) + way, rng.uniform(0.003, 0.012), rng.uniform(0.4, 1.0))
    ribs, slope = Strokes(SIDE), rng.uniform(0.1, 0.4)
    for level in np.arange(rng.uniform(-0.1, 0.0), 0.9, rng.uniform(0.06, 0.1)):
        sweep = [(0.95, level), (0.7, level + 0.35 * slope), (0.4, level + 0.8 * slope), (0.15, level + slope)]
        ribs.line(curve(sweep), rng.uniform(0.01, 0.02), rng.uniform(0.3, 0.8))
    hila = 0.8 * np.exp(-((grid(SIDE)[0] - hilum[0]) ** 2 + (grid(SIDE)[1] - hilum[1]) ** 2) / 0.004)
    lines = smooth(strokes.coverage(), 0.003) * lung + 0.5 * smooth(ribs.coverage(), 0.004) + hila * lung
    return np.asarray(lines, dtype=np.float32)


def _detail(rng: np.random.Generator, chest: FloatImage) -> FloatImage:
    """Fine structure of half a radiograph, stretched over the square."""
    rows, columns = chest.shape
    start = int(rng.uniform(0, 0.5) * columns)
    part = chest[int(0.1 * rows) : int(0.9 * rows), start : start + columns // 2]
    part = ndimage.zoom(part, (SIDE / part.shape[0], SIDE / part.shape[1]), order=1)[:SIDE, :SIDE]
    return np.asarray(part - ndimage.gaussian_filter(part, rng.uniform(5, 20), mode="nearest"), dtype=np.float32)


def _exposed(picture: npt.NDArray[np.floating], rng: np.random.Generator) -> FloatImage:
    """Stretch to 0..1 with grain, another gamma and, sometimes, letters and a black frame."""
    low, high = np.percentile(picture, (0.5, 99.7))
    shown = np.clip((picture - low) / max(float(high - low), 1e-9), 0, 1) ** rng.uniform(0.7, 1.4)
    shown = shown + rng.uniform(0.0, 0.03) * rng.standard_normal(shown.shape)
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 5))):
            top, left = int(rng.uniform(0, 0.9) * shown.shape[0]), int(rng.choice([0.02, 0.85]) * shown.shape[1])
            shown[top : top + int(rng.integers(3, 10)), left : left + int(rng.integers(4, 24))] = 1.0
    if rng.random() < 0.15:
        margin = [(int(rng.integers(0, 30)),) * 2, (int(rng.integers(0, 60)),) * 2]
        shown = np.pad(shown, margin)
    return np.asarray(np.clip(shown, 0, 1), dtype=np.float32)
