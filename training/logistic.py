"""Logistic regression with an L1 penalty and sign constraints, and Platt's calibration; small and exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Logistic:
    """``P = sigmoid(x · weight + bias)``."""

    weight: Array
    bias: float

    def score(self, x: npt.NDArray[np.floating]) -> Array:
        """Return the log odds of rows of x."""
        return np.asarray(x @ self.weight + self.bias, dtype=np.float64)

    def probability(self, x: npt.NDArray[np.floating]) -> Array:
        """Return P of rows of x."""
        return sigmoid(self.score(x))


def sigmoid(score: Array) -> Array:
    """Return the logistic function without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(score, dtype=np.float64)))


def fit_logistic(
    x: npt.NDArray[np.floating],
    y: npt.NDArray[np.floating],
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    signs: npt.NDArray[np.int_] | None = None,
    sample_weight: npt.NDArray[np.floating] | None = None,
) -> Logistic:
    """Minimise the mean log loss plus ``l1 Σ|u| + l2/2 Σu²`` over weights u of columns scaled to unit deviation.

    With a sign constraint the L1 penalty is linear, so that bounded L-BFGS finds the exact sparse optimum; a free
    weight is the difference of two non-negative ones.

    Parameters
    ----------
    signs : ndarray of int, shape (columns,), optional
        1: weight ≥ 0, -1: weight ≤ 0, 0: free. None leaves all free.
    """
    x64 = np.asarray(x, dtype=np.float64)
    target = np.asarray(y, dtype=np.float64)
    weight = np.ones(len(target)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    weight = weight / weight.sum()
    deviation = x64.std(0)
    used = np.flatnonzero(deviation > 1e-9)
    sign = np.zeros(x64.shape[1], dtype=int) if signs is None else np.asarray(signs)
    if len(used) == 0:
        rate = float(np.clip((weight * target).sum(), 1e-4, 1 - 1e-4))
        return Logistic(np.zeros(x64.shape[1]), float(np.log(rate / (1 - rate))))
    scaled = x64[:, used] / deviation[used]
    free = l1 > 0 and bool((sign[used] == 0).any())
    design = np.concatenate([scaled, -scaled], axis=1) if free else scaled
    if free:
        lower = np.zeros(design.shape[1])
        upper = np.concatenate([np.where(sign[used] < 0, 0.0, np.inf), np.where(sign[used] > 0, 0.0, np.inf)])
        direction = np.ones(design.shape[1])
    else:
        lower = np.where(sign[used] > 0, 0.0, -np.inf)
        upper = np.where(sign[used] < 0, 0.0, np.inf)
        direction = np.where(sign[used] < 0, -1.0, 1.0) if l1 > 0 else np.zeros(len(used))

    def objective(parameters: Array) -> tuple[float, Array]:
        u, b = parameters[:-1], parameters[-1]
        score = design @ u + b
        residual = weight * (sigmoid(score) - target)
        loss = float((weight * (np.logaddexp(0.0, score) - target * score)).sum())
        value = loss + l1 * float(direction @ u) + 0.5 * l2 * float(u @ u)
        return value, np.append(design.T @ residual + l1 * direction + l2 * u, residual.sum())

    rate = float(np.clip((weight * target).sum(), 1e-4, 1 - 1e-4))
    start = np.append(np.zeros(design.shape[1]), np.log(rate / (1 - rate)))
    bounds = [*zip(lower, upper, strict=True), (-np.inf, np.inf)]
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    u = found.x[:-1]
    half = len(used)
    coefficient = u[:half] - u[half:] if free else u
    result = np.zeros(x64.shape[1])
    result[used] = coefficient / deviation[used]
    return Logistic(result, float(found.x[-1]))


def platt(score: Array, y: npt.NDArray[np.floating], weight: Array | None = None) -> tuple[float, float]:
    """Return (a, b) so that sigmoid(a · score + b) is calibrated (Platt 1999, with his smoothed targets); a ≥ 0.05.

    `weight` is that of each image; None weighs all alike.
    """
    positives, negatives = float((y == 1).sum()), float((y == 0).sum())
    target = np.where(y == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    share = np.full(len(y), 1.0 / len(y)) if weight is None else weight / weight.sum()

    def objective(parameters: Array) -> tuple[float, Array]:
        z = parameters[0] * score + parameters[1]
        residual = share * (sigmoid(z) - target)
        value = float((share * (np.logaddexp(0.0, z) - target * z)).sum())
        return value, np.array([residual @ score, residual.sum()])

    found = minimize(objective, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, 20.0), (-20.0, 20.0)])
    return float(found.x[0]), float(found.x[1])


def auroc(score: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> float:
    """Return the area under the ROC curve (Mann-Whitney, ties count half); NaN with one class only."""
    positives = int((y == 1).sum())
    negatives = len(y) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    return float((ranks[y == 1].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def expected_calibration_error(
    probability: Array, y: npt.NDArray[np.floating], bins: int = 10, weight: Array | None = None
) -> float:
    """Return ECE: mean gap of stated probability and observed rate over equal-width bins, weighted by their size."""
    share = np.full(len(y), 1.0 / len(y)) if weight is None else weight / weight.sum()
    index = np.minimum((probability * bins).astype(int), bins - 1)
    gap = np.bincount(index, share * (probability - y), minlength=bins)
    return float(np.abs(gap).sum())
