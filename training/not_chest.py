"""Images that are no upright frontal chest radiograph, drawn or made from chests, to teach the input gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from training.drawings import lateral, panoramic, pelvis, skull
from training.patterns import pattern

FloatImage = npt.NDArray[np.float32]
SIDE = 256


def spoiled_chest(image: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Return a chest turned, upside down, inverted, cut to a small part or one half, or several on a page.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        0 black to 1 white.
    """
    kind = int(rng.integers(7))
    if kind == 0:
        return np.ascontiguousarray(np.rot90(image, 1 + 2 * int(rng.integers(2))))
    if kind == 1:
        return np.ascontiguousarray(image[::-1])
    if kind == 2:
        return np.asarray(1.0 - image, dtype=np.float32)
    if kind in (3, 5):
        return np.ascontiguousarray(_part(image, rng) if kind == 3 else _one_lung(image, rng))
    if kind == 4:
        angle = float(rng.uniform(35, 145)) * (1 if rng.random() < 0.5 else -1)
        turned = ndimage.rotate(image, angle, reshape=True, order=1)
        return np.asarray(np.clip(turned, 0.0, 1.0), dtype=np.float32)
    # Several pictures on one page, as in figures of journals.
    small = image[::2, ::2]
    return np.block([[small, small[:, ::-1]], [small[::-1], small]]).astype(np.float32)


def _part(image: FloatImage, rng: np.random.Generator) -> FloatImage:
    rows, columns = image.shape
    height, width = (max(16, int(n * rng.uniform(0.2, 0.38))) for n in (rows, columns))
    top, left = int(rng.integers(rows - height)), int(rng.integers(columns - width))
    return image[top : top + height, left : left + width]


def _one_lung(image: FloatImage, rng: np.random.Generator) -> FloatImage:
    """One lung on the whole picture, as a side view shows."""
    width = int(image.shape[1] * rng.uniform(0.4, 0.52))
    half = image[:, :width] if rng.random() < 0.5 else image[:, -width:]
    return half if rng.random() < 0.5 else half[:, ::-1]


def noise(rng: np.random.Generator) -> FloatImage:
    """Return noise of a random grain, or a smooth gradient."""
    field = rng.standard_normal((SIDE, SIDE))
    grain = float(rng.choice([0.0, 1.0, 4.0, 16.0, 40.0]))
    return _stretch(ndimage.gaussian_filter(field, grain))


def texture(rng: np.random.Generator) -> FloatImage:
    """Return a scene of overlapping flat shapes with shading, as a photograph or a screenshot has."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    picture = rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y
    for _ in range(int(rng.integers(4, 30))):
        cx, cy, a, b = rng.uniform(0, 1), rng.uniform(0, 1), *rng.uniform(0.02, 0.35, 2)
        angle = rng.uniform(0, np.pi)
        u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        v = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        inside = (
            (np.maximum(np.abs(u) / a, np.abs(v) / b) < 1) if rng.random() < 0.5 else ((u / a) ** 2 + (v / b) ** 2 < 1)
        )
        picture = np.where(inside, rng.uniform(-1, 1) + rng.uniform(-0.5, 0.5) * u, picture)
    return _stretch(ndimage.gaussian_filter(picture, float(rng.uniform(0, 2))) + 0.05 * rng.standard_normal(x.shape))


def limb(rng: np.random.Generator) -> FloatImage:
    """Return a drawn limb, hand, pelvis-like or breast-like exposure: bright soft tissue with bones on black."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    picture = np.zeros((SIDE, SIDE))
    angle = rng.normal(0.0, 0.25) + (np.pi / 2 if rng.random() < 0.3 else 0.0)
    u = (x - rng.uniform(0.3, 0.7)) * np.cos(angle) + (y - 0.5) * np.sin(angle)
    v = (y - 0.5) * np.cos(angle) - (x - 0.5) * np.sin(angle)
    kind = int(rng.integers(4))
    if kind == 3:  # breast: a half disc of glandular texture at one edge
        radius = np.hypot((x - float(rng.integers(2))) / rng.uniform(0.4, 0.8), (y - 0.5) / rng.uniform(0.35, 0.5))
        gland = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), rng.uniform(2, 10))
        picture = np.where(radius < 1, 0.6 + 0.5 * gland / gland.std() * 0.3 + 0.3 * (1 - radius), 0.0)
        return _stretch(picture)
    bones = {0: 1, 1: 2, 2: 5}[kind]
    width = rng.uniform(0.15, 0.45)
    picture += np.where(np.abs(u) < width, 0.35 * np.sqrt(np.maximum(0.0, 1 - (u / width) ** 2)), 0.0)
    for k in range(bones):
        centre = (k - (bones - 1) / 2) * 1.6 * width / bones + 0.02 * rng.standard_normal()
        half = rng.uniform(0.25, 0.4) * width / bones * (1.0 + rng.uniform(0.3, 1.5) * np.square(np.abs(2 * v)) ** 1.5)
        shaft = np.abs(u - centre) / half
        cortex = 0.5 * np.sqrt(np.maximum(0.0, 1 - np.minimum(shaft, 1) ** 2)) + 0.35 * ((shaft > 0.75) & (shaft < 1))
        gap = np.abs(v - rng.uniform(-0.3, 0.3)) > 0.012
        picture += np.where((shaft < 1) & gap, cortex, 0.0)
    picture = ndimage.gaussian_filter(picture, rng.uniform(0.5, 2)) + 0.02 * rng.standard_normal((SIDE, SIDE))
    return _stretch(picture)


def not_chest_readers(
    chests: Sequence[Callable[[], FloatImage]], count: int, seed: int
) -> list[Callable[[], FloatImage]]:
    """Return `count` readers of images that are no frontal chest, reproducible one by one.

    A third are spoiled chests from `chests`, a quarter drawn side views with the fine structure of one, the rest other
    body parts, technical test images, scenes and noise.
    """

    def reader(index: int) -> Callable[[], FloatImage]:
        def read() -> FloatImage:
            rng = np.random.default_rng((seed, index))
            kind = index % 12
            chest = chests[int(rng.integers(len(chests)))] if chests else None
            if kind < 4 and chest is not None:
                return spoiled_chest(chest(), rng)
            if kind < 7:
                return lateral(rng, chest() if chest is not None and kind > 4 else None)
            others = (panoramic, pattern, limb, _trunk_or_head, _scene)
            return others[kind - 7](rng)

        return read

    return [reader(index) for index in range(count)]


def _trunk_or_head(rng: np.random.Generator) -> FloatImage:
    return (skull if rng.random() < 0.4 else pelvis)(rng)


def _scene(rng: np.random.Generator) -> FloatImage:
    return (noise if rng.random() < 0.4 else texture)(rng)


def _stretch(picture: npt.NDArray[np.floating]) -> FloatImage:
    low, high = float(picture.min()), float(picture.max())
    return ((picture - low) / max(high - low, 1e-9)).astype(np.float32)
