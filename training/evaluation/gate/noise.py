"""Pictures of nothing: noise of eight kinds; "uniform" and "fog" resemble what gates are taught, the others do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatImage = npt.NDArray[np.float32]
Field = npt.NDArray[np.floating]
SIDE = 320


def noise(kind: str, seed: int) -> FloatImage:
    """Return a picture of one of :data:`KINDS`, float32 (320, 320), 0 to 1; power law is 1/f to 1/f^2.5 by the seed."""
    rng = np.random.default_rng([list(_FIELDS).index(kind), seed])
    field = _FIELDS[kind](rng)
    low, high = np.percentile(field, (0.5, 99.5))
    return np.asarray(np.clip((field - low) / max(float(high - low), 1e-9), 0.0, 1.0), dtype=np.float32)


def _salt_and_pepper(rng: np.random.Generator) -> Field:
    grains = rng.choice([-1.0, 2.0], (SIDE, SIDE))
    return np.where(rng.random((SIDE, SIDE)) < 0.3, grains, _power_law(rng, 1.5))


def _power_law(rng: np.random.Generator, exponent: float) -> Field:
    """Noise whose amplitude falls with the spatial frequency, in 0..1."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((SIDE, SIDE))) / frequency**exponent
    field: npt.NDArray[np.float64] = np.fft.irfft2(spectrum, (SIDE, SIDE))
    low, high = float(field.min()), float(field.max())
    return (field - low) / (high - low)


def _cells(rng: np.random.Generator) -> Field:
    """Distance to the nearest of some points, as cracks or tissue under a microscope."""
    points = np.ones((SIDE, SIDE), dtype=bool)
    points[tuple(rng.integers(0, SIDE, (2, int(rng.integers(20, 400)))))] = False
    distance: npt.NDArray[np.float64] = ndimage.distance_transform_edt(points)
    return distance


def _fog(rng: np.random.Generator) -> Field:
    return np.asarray(ndimage.gaussian_filter(rng.random((SIDE, SIDE)), 30.0, mode="wrap"))


_FIELDS: dict[str, Callable[[np.random.Generator], Field]] = {
    "uniform": lambda rng: rng.random((SIDE, SIDE)),
    "salt and pepper": _salt_and_pepper,
    "power law": lambda rng: _power_law(rng, float(rng.uniform(1.0, 2.5))),
    "speckle": lambda rng: _power_law(rng, 2.0) * rng.gamma(2.0, 0.5, (SIDE, SIDE)),
    "stripes": lambda rng: np.cumsum(rng.standard_normal(SIDE))[:, None] + 0.3 * rng.standard_normal((SIDE, SIDE)),
    "cells": _cells,
    "blocks": lambda rng: np.kron(rng.random((SIDE // 16, SIDE // 16)), np.ones((16, 16))),
    "fog": _fog,
}
KINDS = tuple(_FIELDS)
