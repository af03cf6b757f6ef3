"""Technical test images and pages, for the input gate: SMPTE-like patterns, wedges, line pairs, grids, text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

FloatImage = npt.NDArray[np.float32]
SIDE = 256


def pattern(rng: np.random.Generator) -> FloatImage:
    """Return one of the kinds below, slightly blurred or noisy, sometimes with black and white exchanged."""
    kinds = (smpte, step_wedge, line_pairs, lattice, rings, page)
    picture = kinds[int(rng.integers(len(kinds)))](rng)
    picture = ndimage.gaussian_filter(picture, float(rng.choice([0.0, 0.5, 1.5])))
    picture = picture + rng.uniform(0, 0.04) * rng.standard_normal(picture.shape)
    if rng.random() < 0.2:
        picture = 1.0 - picture
    return np.asarray(np.clip(picture, 0, 1), dtype=np.float32)


def smpte(rng: np.random.Generator) -> FloatImage:
    """Return a pattern in the manner of SMPTE RP 133: a lattice on grey, a ring of grey squares, line pairs."""
    picture = np.full((SIDE, SIDE), rng.uniform(0.2, 0.6))
    cells = int(rng.integers(8, 16))
    edges = np.linspace(0, SIDE - 1, cells + 1).astype(int)
    line = rng.uniform(0.5, 1.0)
    picture[edges, :] = line
    picture[:, edges] = line
    step, first = SIDE // cells, int(rng.integers(1, 3))
    count = int(rng.integers(6, 12))
    grey = np.linspace(0, 1, count) if rng.random() < 0.7 else rng.permutation(np.linspace(0, 1, count))
    last = cells - first - 1
    ring = [(first, c) for c in range(first, last)] + [(r, last) for r in range(first, last)]
    ring += [(last, c) for c in range(last, first, -1)]
    for (row, column), value in zip(ring[:: max(1, len(ring) // count)], grey, strict=False):
        picture[row * step : (row + 1) * step, column * step : (column + 1) * step] = value
    for row, column in [(0, 0), (0, cells - 2), (cells - 2, 0), (cells - 2, cells - 2), (cells // 2, cells // 2)]:
        block = picture[row * step : (row + 2) * step, column * step : (column + 2) * step]
        block[:] = _bars(block.shape, rng)
    height = int(rng.integers(2, 4)) * step
    picture[-height : -height + step, 2 * step : -2 * step] = np.linspace(0, 1, SIDE - 4 * step) > rng.uniform(0.3, 0.7)
    return picture.astype(np.float32)


def step_wedge(rng: np.random.Generator) -> FloatImage:
    """Return bars of rising grey, along rows or columns, on all or a part of the picture, or two wedges."""
    steps = int(rng.integers(5, 24))
    ramp = np.floor(np.linspace(0, steps - 1e-6, SIDE)) / max(1, steps - 1)
    picture = np.tile(ramp, (SIDE, 1))
    if rng.random() < 0.3:
        picture[SIDE // 2 :] = picture[SIDE // 2 :, ::-1]
    if rng.random() < 0.5:
        top, bottom = sorted(rng.integers(0, SIDE, 2).tolist())
        mask = np.ones(SIDE, dtype=bool)
        mask[top : max(bottom, top + 40)] = False
        picture[mask] = rng.uniform(0, 1)
    return (picture if rng.random() < 0.5 else picture.T).astype(np.float32)


def line_pairs(rng: np.random.Generator) -> FloatImage:
    """Return groups of bars of several widths and directions on grey."""
    picture = np.full((SIDE, SIDE), rng.uniform(0, 1))
    for _ in range(int(rng.integers(4, 20))):
        size = rng.integers(20, 110, 2)
        top, left = (int(v) for v in rng.integers(0, SIDE - 20, 2))
        block = picture[top : top + int(size[0]), left : left + int(size[1])]
        block[:] = _bars(block.shape, rng)
    return picture.astype(np.float32)


def lattice(rng: np.random.Generator) -> FloatImage:
    """Return a grid of lines or dots, or a chessboard, on a flat or shaded ground."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    period = int(rng.integers(6, 64))
    ground = rng.uniform(0, 1) * x / SIDE + rng.uniform(0, 1) * y / SIDE
    kind = int(rng.integers(3))
    if kind == 0:
        marks = (x % period < 2) | (y % period < 2)
    elif kind == 1:
        marks = (x % period - period / 2) ** 2 + (y % period - period / 2) ** 2 < (period * rng.uniform(0.1, 0.4)) ** 2
    else:
        marks = (x // period + y // period) % 2 == 0
    picture = np.clip(np.where(marks, rng.uniform(0.6, 1.5), ground / 2), 0, 1)
    return np.asarray(picture, dtype=np.float32)


def rings(rng: np.random.Generator) -> FloatImage:
    """Return rings, a star of spokes, or discs of low contrast on a flat field."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    radius, angle = np.hypot(x - rng.uniform(-0.2, 0.2), y - rng.uniform(-0.2, 0.2)), np.arctan2(y, x)
    kind = int(rng.integers(3))
    if kind == 0:
        picture = 0.5 + 0.5 * np.sign(np.sin(radius * rng.uniform(20, 150)))
    elif kind == 1:
        picture = 0.5 + 0.5 * np.sign(np.sin(angle * int(rng.integers(4, 40)))) * (radius < 0.45)
    else:
        picture = np.full((SIDE, SIDE), 0.4) + (rng.uniform(-0.3, 0.3) * radius if rng.random() < 0.5 else 0.0)
        for _ in range(int(rng.integers(3, 40))):
            disc = np.hypot(x - rng.uniform(-0.5, 0.5), y - rng.uniform(-0.5, 0.5)) < rng.uniform(0.01, 0.12)
            picture = picture + disc * rng.uniform(-0.3, 0.3)
    return np.asarray(np.clip(picture, 0, 1), dtype=np.float32)


def page(rng: np.random.Generator) -> FloatImage:
    """Return lines of letters, dark on bright, sometimes with a grey box as a figure has."""
    image = Image.new("L", (SIDE, SIDE), int(rng.integers(180, 256)))
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.5:
        left, top = (int(v) for v in rng.integers(0, 120, 2))
        draw.rectangle((left, top, left + 100, top + 100), fill=int(rng.integers(0, 180)))
    size = int(rng.integers(7, 22))
    font = ImageFont.load_default(size=size)
    for row in range(int(rng.integers(0, 40)), SIDE, int(size * rng.uniform(1.2, 2.2))):
        words = ["".join(chr(97 + int(c)) for c in rng.integers(0, 26, int(rng.integers(1, 11)))) for _ in range(12)]
        draw.text((int(rng.integers(2, 40)), row), " ".join(words), fill=int(rng.integers(0, 110)), font=font)
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def _bars(shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    period, along = int(rng.integers(2, 14)), x if rng.random() < 0.5 else y
    low, high = (0.0, 1.0) if rng.random() < 0.6 else sorted(rng.uniform(0, 1, 2).tolist())
    return np.where(along % period < period / 2, low, high).astype(np.float64)
