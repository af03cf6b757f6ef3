"""Rounding to 8 bits, what it loses, and the scales of channels that lose least (SmoothQuant, Xiao et al. 2023).

Tokens are rounded to 0..255 between the least and the greatest value of the whole image, weights to -64..64 a column.
Seven bits a weight keep every pair of products within 16 bits: processors without VNNI add such pairs and saturate, so
that 8 bits would give other results there than where they were measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.precision.graph import FloatArray
from training.precision.observe import Seen

MOST = 64
"""Largest absolute value of a rounded weight."""
STRENGTHS = (0.5, 0.75)
"""Exponents of SmoothQuant that are tried: how much of a channel's range moves from the tokens into the weights."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Scales of a tensor's channels, by which tokens are divided and weights multiplied.

    Attributes
    ----------
    scales : ndarray of float32, shape (K,), or None
        None leaves them as they are.
    error : float
        Norm of the error of all products of this tensor that varies over tokens, by the norm of the products.
    """

    scales: FloatArray | None
    error: float


def round_weight(weight: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """Return a weight (K, N) as whole numbers and the step of each column (N,)."""
    step = np.maximum(np.abs(weight).max(axis=0), np.float32(1e-30)) / np.float32(MOST)
    return np.clip(np.rint(weight / step), -MOST, MOST).astype(np.int8), step.astype(np.float32)


def round_tokens(rows: FloatArray, low: float, high: float) -> FloatArray:
    """Return rows as ONNX's DynamicQuantizeLinear rounds them in a tensor of this range, in their own unit."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = np.float32(max(high - low, 1e-30) / 255.0)
    zero = np.clip(np.rint(-low / step), 0, 255)
    return np.asarray((np.clip(np.rint(rows / step) + zero, 0, 255) - zero) * step, dtype=np.float32)


def best_scaling(seen: Seen, weights: Sequence[FloatArray], needed_gain: float) -> Scaling:
    """Return the scales that lose least, or none where they would not lose less than `needed_gain` of what is lost."""
    whole = np.concatenate(weights, axis=1)
    best = plain = Scaling(None, lost(seen, whole, None))
    for strength in STRENGTHS:
        tokens, largest = np.maximum(seen.largest, 1e-6), np.maximum(np.abs(whole).max(axis=1), 1e-6)
        scales = (tokens**strength / largest ** (1.0 - strength)).astype(np.float32)
        # Around 1, so that the sizes of tokens and weights stay what they are.
        scales /= np.exp(np.log(scales).mean(), dtype=np.float32)
        error = lost(seen, whole, scales)
        if error < min(best.error, needed_gain * plain.error):
            best = Scaling(scales, error)
    return best


def lost(seen: Seen, weight: FloatArray, scales: FloatArray | None) -> float:
    """Return the error of the products of the kept rows and a weight (K, N), by their norm, after `correction`."""
    error = errors(seen, weight, scales)
    size = float(np.square(seen.rows @ weight, dtype=np.float64).sum())
    varying = float(np.square(error - error.mean(axis=0), dtype=np.float64).sum())
    return float(np.sqrt(varying / max(size, 1e-30)))


def correction(seen: Seen, weight: FloatArray, scales: FloatArray | None) -> FloatArray:
    """Return what makes up for the mean error of each column (N,): it is the same for all tokens and costs nothing."""
    return np.asarray(-errors(seen, weight, scales).mean(axis=0), dtype=np.float32)


def errors(seen: Seen, weight: FloatArray, scales: FloatArray | None) -> FloatArray:
    """Return rounded less exact products of all kept rows, shape (rows, N)."""
    by = np.ones(len(weight), np.float32) if scales is None else scales
    whole, step = round_weight(weight * by[:, None])
    rounded = whole.astype(np.float32) * step
    parts = [
        round_tokens(rows / by, float(low.min()), float(high.max())) @ rounded - rows @ weight
        for rows, low, high in zip(seen.rows, seen.low / by, seen.high / by, strict=True)
    ]
    return np.concatenate(parts)
