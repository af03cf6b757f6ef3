"""What may happen to a picture on its way: cut, contrast, size, a slight turn, a mirrored side, grain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatImage = npt.NDArray[np.float32]
SMALLEST, LARGEST = 96, 512
"""Pixels of the shorter side that a copy keeps at least, and about how many it is made from."""


def altered(read: Callable[[], FloatImage], seed: int, *, mirror: bool) -> Callable[[], FloatImage]:
    """Return a reader of the picture as it may come from elsewhere; every seed gives another copy.

    Of each side 12 % at most are cut off; it is turned by at most 8 degrees, and with `mirror` half of the copies have
    left and right exchanged.
    """

    def make() -> FloatImage:
        rng = np.random.default_rng(seed)
        image = read()
        step = max(1, min(image.shape) // LARGEST)
        image = image[::step, ::step]
        rows, columns = image.shape
        top, bottom = (int(n) for n in rng.uniform(0, 0.06, 2) * rows)
        left, right = (int(n) for n in rng.uniform(0, 0.06, 2) * columns)
        image = image[top : rows - bottom, left : columns - right]
        image = ndimage.rotate(image, float(rng.uniform(-8, 8)), reshape=False, order=1, mode="nearest")
        shrink = max(float(rng.uniform(0.3, 1.0)), SMALLEST / min(image.shape))
        if shrink < 1.0:
            image = ndimage.zoom(ndimage.gaussian_filter(image, 0.4 / shrink), shrink, order=1)
        low, high = (float(v) for v in np.percentile(image, (0.5, 99.5)))
        image = np.clip((image - low) / max(high - low, 1e-6), 0.0, 1.0) ** rng.uniform(0.65, 1.5)
        image = image + rng.uniform(0.0, 0.03) * rng.standard_normal(image.shape)
        if mirror and rng.random() < 0.5:
            image = image[:, ::-1]
        return np.ascontiguousarray(np.clip(image, 0.0, 1.0), dtype=np.float32)

    return make
