"""Small raster tools in relative units: smoothing, value noise, resampling, strokes and polygons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from training.data.phantom.types import Bools, Floats

Points = NDArray[np.float64]
"""[N, 2] points (x, y) in fractions of the image's side, origin top left."""


def resize(image: Floats, size: int, method: Image.Resampling = Image.Resampling.BICUBIC) -> Floats:
    """Resample a float image to size x size (anti-aliased when shrinking)."""
    if image.shape == (size, size):
        return image
    return np.asarray(Image.fromarray(image).resize((size, size), method), np.float32)


def smooth(image: Floats, sigma: float) -> Floats:
    """Gaussian smoothing; `sigma` in fractions of the side. Wide kernels run on a shrunken copy."""
    size = image.shape[0]
    pixels = sigma * size
    factor = int(pixels / 1.5)
    if factor < 2:
        return np.asarray(ndimage.gaussian_filter(image, pixels, mode="nearest", truncate=2.5), np.float32)
    small_size = max(8, size // factor)
    small = resize(image, small_size, Image.Resampling.BOX)
    small = ndimage.gaussian_filter(small, sigma * small_size, mode="nearest", truncate=2.5)
    return resize(small, size)


def noise(rng: np.random.Generator, size: int, cells: int, octaves: int = 3) -> Floats:
    """Smooth value noise of unit deviation: `cells` blobs across, halving and weakening in each octave."""
    total = np.zeros((size, size), np.float32)
    power = 0.0
    for octave in range(octaves):
        count = cells * 2**octave + 3
        grid = rng.standard_normal((count, count), dtype=np.float32)
        if count < 2 * size:
            total += resize(grid, size) * (0.6**octave)
            power += 0.36**octave
    return total / np.float32(np.sqrt(power) * 0.75)


def sigmoid(value: Floats) -> Floats:
    """Logistic step, safe for large arguments."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * value), np.float32)


def curve(points: Sequence[tuple[float, float]], closed: bool = False, steps: int = 8) -> Points:
    """Catmull-Rom curve through the points."""
    p = np.asarray(points, np.float64)
    p = np.vstack([p[-1:], p, p[:2]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    inner = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    line = inner.transpose(1, 0, 2).reshape(-1, 2)
    return line if closed else np.vstack([line, p[-2:-1]])


class Strokes:
    """Lines and polygons drawn anti-aliased, coverage 0..1 (later strokes overwrite)."""

    def __init__(self, size: int, factor: int = 4) -> None:
        self.size = size
        self.factor = factor if size <= 512 else 1 if size > 1024 else 2
        self._image = Image.new("L", (size * self.factor, size * self.factor))
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: Points, width: float, value: float = 1.0) -> None:
        """Stroke a polyline; `width` in fractions of the side."""
        scale = self.size * self.factor
        pixels = max(1, round(width * scale))
        xy = (points * scale).ravel().tolist()
        self._draw.line(xy, fill=round(255 * value), width=pixels, joint="curve" if pixels > 4 else None)

    def polygon(self, points: Points, value: float = 1.0) -> None:
        """Fill a polygon."""
        scale = self.size * self.factor
        self._draw.polygon((points * scale).ravel().tolist(), fill=round(255 * value))

    def coverage(self) -> Floats:
        """Float32 [S, S], 0..1."""
        small = self._image.reduce(self.factor) if self.factor > 1 else self._image
        return np.asarray(small, np.float32) / 255


def polygon(points: Points, size: int) -> Floats:
    """One filled polygon, coverage 0..1."""
    strokes = Strokes(size)
    strokes.polygon(points)
    return strokes.coverage()


def grid(size: int) -> tuple[Floats, Floats]:
    """Pixel centres in fractions of the side: x [1, S] and y [S, 1]."""
    centres = (np.arange(size, dtype=np.float32) + 0.5) / size
    return centres[None, :], centres[:, None]


def grow(mask: Bools, radius: float) -> Bools:
    """Dilate (radius > 0) or erode a mask; radius in fractions of the side."""
    reach = 2 * round(abs(radius) * mask.shape[0]) + 1
    flat = mask.astype(np.uint8)
    flat = ndimage.maximum_filter(flat, reach) if radius > 0 else ndimage.minimum_filter(flat, reach)
    return np.asarray(flat, np.bool_)
