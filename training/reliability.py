"""Bins of a reliability plot: what a readout states beside what was observed, with intervals."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.pack.reliability import ReliabilityBin

FloatVector = npt.NDArray[np.float64]
BINS = 10
Z = 1.959964


def reliability_bins(
    probability: FloatVector, y: FloatVector, weight: FloatVector | None = None, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Return the bins of equal width that hold an image, lowest first.

    Parameters
    ----------
    probability, y : ndarray of float64, shape (images,)
        Probabilities 0..1, and 1 where the finding is there, 0 where it is not.
    weight : ndarray of float64, shape (images,), optional
        Of each image, as in the calibration; None weighs all alike.
    """
    share = np.ones(len(y)) if weight is None else weight
    index = np.minimum((probability * bins).astype(int), bins - 1)
    return tuple(
        _bin(k / bins, (k + 1) / bins, probability[m], y[m], share[m]) for k in range(bins) if (m := index == k).any()
    )


def _bin(low: float, high: float, probability: FloatVector, y: FloatVector, weight: FloatVector) -> ReliabilityBin:
    observed = float(np.average(y, weights=weight))
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    least, most = wilson(observed, effective)
    return ReliabilityBin(
        low=round(low, 6),
        high=round(high, 6),
        images=len(y),
        positives=int(y.sum()),
        stated=round(float(np.average(probability, weights=weight)), 6),
        observed=round(observed, 6),
        observed_low=round(least, 6),
        observed_high=round(most, 6),
    )


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` images (Wilson 1927), which holds the share itself."""
    centre = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return min(max(0.0, centre - half), share), max(min(1.0, centre + half), share)
