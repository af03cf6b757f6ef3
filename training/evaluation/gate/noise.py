"""Pictures of nothing: noise of several kinds, none of which is drawn as the gate's training pictures are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatImage = npt.NDArray[np.float32]
SIDE = 320
KINDS = ("uniform", "salt and pepper", "power law", "speckle", "stripes", "cells", "blocks", "fog")


def noise(kind: str, seed: int) -> FloatImage:
    """Return a picture of one of `KINDS`, float32 (320, 320), 0 to 1; power law is 1/f to 1/f^2.5 by the seed."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    field = _field(kind, rng)
    low, high = np.percentile(field, (0.5, 99.5))
    return np.asarray(np.clip((field - low) / max(float(high - low), 1e-9), 0.0, 1.0), dtype=np.float32)


def _field(kind: str, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    match kind:
        case "uniform":
            return rng.random((SIDE, SIDE))
        case "salt and pepper":
            grains = rng.choice([-1.0, 2.0], (SIDE, SIDE))
            return np.where(rng.random((SIDE, SIDE)) < 0.3, grains, _power_law(rng, 1.5))
        case "power law":
            return _power_law(rng, float(rng.uniform(1.0, 2.5)))
        case "speckle":
            return _power_law(rng, 2.0) * rng.gamma(2.0, 0.5, (SIDE, SIDE))
        case "stripes":
            return np.cumsum(rng.standard_normal(SIDE))[:, None] + 0.3 * rng.standard_normal((SIDE, SIDE))
        case "cells":
            return _cells(rng)
        case "blocks":
            return np.kron(rng.random((SIDE // 16, SIDE // 16)), np.ones((16, 16)))
    return np.asarray(ndimage.gaussian_filter(rng.random((SIDE, SIDE)), 30.0, mode="wrap"), dtype=np.float64)


def _power_law(rng: np.random.Generator, exponent: float) -> npt.NDArray[np.float64]:
    """Noise whose amplitude falls with the spatial frequency, in 0..1."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((SIDE, SIDE))) / frequency**exponent
    field: npt.NDArray[np.float64] = np.fft.irfft2(spectrum, (SIDE, SIDE))
    low, high = float(field.min()), float(field.max())
    return (field - low) / (high - low)


def _cells(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Distance to the nearest of some points, as cracks or tissue under a microscope."""
    points = np.ones((SIDE, SIDE), dtype=bool)
    points[tuple(rng.integers(0, SIDE, (2, int(rng.integers(20, 400)))))] = False
    distance: npt.NDArray[np.float64] = ndimage.distance_transform_edt(points)
    return distance
