"""Fit the input gate: how far a class token may lie from the training images, and whether it is a frontal chest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from engine.pack.manifest import GateSpec
from training.logistic import auroc, fit_logistic
from training.sae.folded import FloatArray, FoldedSae

REFUSAL_MARGIN = 1.4
"""Distances grow on radiographs from hospitals outside the training images: a refusal needs more than a warning."""


@dataclass(frozen=True, eq=False)
class FittedGate:
    """Thresholds for the manifest, arrays for ``gate.safetensors``, and what they achieve."""

    spec: GateSpec
    mean: FloatArray
    precision: FloatArray
    frontal_weight: FloatArray
    frontal_bias: float
    metrics: dict[str, float]

    def save(self, path: Path) -> None:
        """Write ``gate.safetensors``."""
        arrays = {
            "mean": self.mean,
            "precision": np.ascontiguousarray(self.precision),
            "frontal_weight": self.frontal_weight,
            "frontal_bias": np.array([self.frontal_bias], dtype=np.float32),
        }
        save_file(arrays, str(path))


def fit_gate(
    sae: FoldedSae,
    train: FloatArray,
    *,
    validation: Sequence[FloatArray],
    other_train: FloatArray,
    other_validation: FloatArray,
) -> FittedGate:
    """Fit mean, precision and frontal direction on training tokens, thresholds on validation tokens.

    Parameters
    ----------
    train : ndarray of float32, shape (N, d_model)
        Tokens of frontal chest radiographs, drawn and real.
    validation : sequence of ndarray of float32
        Held-out tokens by kind of source; each threshold lets the strictest kind pass at its quantile.
    other_train, other_validation : ndarray of float32
        Tokens of images that are no frontal chest.
    """
    mean, precision = shrunk_precision(train)
    distances = [mahalanobis(tokens, mean, precision) for tokens in validation]
    unexplained = [_unexplained(sae, tokens) for tokens in validation]
    warn = max(float(np.quantile(d, 0.995)) for d in distances)
    residual_warn = max(float(np.quantile(u, 0.995)) for u in unexplained)
    x = np.concatenate([train, other_train])
    y = np.concatenate([np.ones(len(train)), np.zeros(len(other_train))])
    balance = np.where(y == 1, 0.5 / len(train), 0.5 / len(other_train))
    model = fit_logistic(x, y, l2=1e-4, sample_weight=balance)
    passing = [model.probability(tokens) for tokens in validation]
    # The limit lets 99.7 % of each kind of held-out chest pass, and is never stricter than even odds.
    limit = min(0.5, *(float(np.quantile(p, 0.003)) for p in passing))
    others = model.probability(other_validation)
    other_distance = mahalanobis(other_validation, mean, precision)
    refused = (others < limit) | (other_distance > REFUSAL_MARGIN * warn)
    chests = np.concatenate(passing)
    metrics = {
        "gate frontal auroc": auroc(
            np.concatenate([chests, others]), np.concatenate([np.ones(len(chests)), np.zeros(len(others))])
        ),
        "gate share of non-chests refused": float(refused.mean()),
        "gate share of chests refused": float(
            np.mean((chests < limit) | (np.concatenate(distances) > REFUSAL_MARGIN * warn))
        ),
    }
    spec = GateSpec(
        mahalanobis_warning=round(warn, 4),
        mahalanobis_refusal=round(REFUSAL_MARGIN * warn, 4),
        reconstruction_warning=round(residual_warn, 4),
        # Above 1 the features explain less than the decoder's bias alone.
        reconstruction_refusal=round(max(1.0, REFUSAL_MARGIN * residual_warn), 4),
        frontal_probability_refusal=round(limit, 6),
    )
    return FittedGate(spec, mean, precision, model.weight.astype(np.float32), float(model.bias), metrics)


def shrunk_precision(tokens: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and inverse covariance, shrunk towards a sphere (Ledoit and Wolf 2004, with their optimal share)."""
    x = tokens.astype(np.float64)
    mean = x.mean(0)
    centred = x - mean
    n, d = centred.shape
    covariance = centred.T @ centred / n
    mu = float(np.trace(covariance)) / d
    spread = float(np.square(covariance - mu * np.eye(d)).sum()) / d
    noise = float((np.square(centred).T @ np.square(centred) / n - np.square(covariance)).sum()) / (d * n)
    share = min(1.0, noise / max(spread, 1e-12))
    # Directions that the encoder never uses would make any deviation infinite: a floor keeps the inverse finite.
    shrunk = (1.0 - share) * covariance + share * mu * np.eye(d) + 1e-3 * mu * np.eye(d)
    return mean.astype(np.float32), np.linalg.inv(shrunk).astype(np.float32)


def mahalanobis(tokens: FloatArray, mean: FloatArray, precision: FloatArray) -> npt.NDArray[np.float64]:
    """Return ``sqrt((x - mean)ᵀ precision (x - mean))`` of each token."""
    offset = tokens.astype(np.float64) - mean
    squared = np.einsum("nd,de,ne->n", offset, precision.astype(np.float64), offset)
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)), dtype=np.float64)


def _unexplained(sae: FoldedSae, tokens: FloatArray) -> npt.NDArray[np.float64]:
    """Return ``|x - x_hat|² / |x - b_dec|²`` of each token, as the engine's gate does."""
    rest = tokens - sae.decode(sae.encode(tokens))
    offset = tokens - sae.b_dec
    return np.asarray(np.square(rest).sum(1) / np.maximum(np.square(offset).sum(1), 1e-12), dtype=np.float64)
