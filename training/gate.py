"""Fit the input gate: how far a descriptor may lie from the training images, and whether it is a frontal chest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file
from scipy import linalg

from engine.pack.arrays import GateArrays
from engine.pack.manifest import GateSpec
from training.logistic import auroc, fit_logistic
from training.sae.folded import FloatArray, FoldedSae
from training.tokens import DESCRIPTOR, Embedded

REFUSAL_MARGIN = 1.4
"""Distances grow on radiographs from hospitals outside the training images: a refusal needs more than a warning."""
DIRECTIONS = 64
"""The distance is measured in so many principal directions: a full precision would be larger than the encoder."""
MOST_OF_A_SOURCE = 3000
"""Images of one source that the fit uses; more change nothing but its time."""


@dataclass(frozen=True, eq=False)
class FittedGate:
    """Thresholds for the manifest, arrays for ``gate.safetensors``, and what they achieve."""

    spec: GateSpec
    arrays: GateArrays
    metrics: dict[str, float]

    def save(self, path: Path) -> None:
        """Write ``gate.safetensors``."""
        arrays = {
            "mean": self.arrays.mean,
            "precision": np.ascontiguousarray(self.arrays.precision),
            "frontal_weight": self.arrays.frontal_weight,
            "frontal_bias": np.array([self.arrays.frontal_bias], dtype=np.float32),
            "projection": self.arrays.projection,
        }
        save_file({name: value for name, value in arrays.items() if value is not None}, str(path))


def fit_gate(
    sae: FoldedSae,
    train: Sequence[Embedded],
    *,
    validation: Sequence[Embedded],
    other_train: FloatArray,
    other_validation: FloatArray,
) -> FittedGate:
    """Fit distance and frontal direction on training descriptors, thresholds on validation descriptors.

    Parameters
    ----------
    train : sequence of Embedded
        Frontal chest radiographs by source; a source counts with the square root of its size, so that thousands of
        drawings do not silence dozens of real images.
    validation : sequence of Embedded
        Held-out ones by kind of source; each threshold lets the strictest kind pass at its quantile.
    other_train, other_validation : ndarray of float32
        Descriptors of images that are no frontal chest.
    """
    sources = [_thinned(part.descriptor) for part in train]
    chests = np.concatenate(sources)
    weight = np.concatenate([np.full(len(part), len(part) ** -0.5) for part in sources])
    projection = principal_directions(chests, DIRECTIONS)
    mean, precision = shrunk_precision(chests @ projection.T)
    x = np.concatenate([chests, other_train])
    y = np.concatenate([np.ones(len(chests)), np.zeros(len(other_train))])
    balance = np.concatenate([0.5 * weight / weight.sum(), np.full(len(other_train), 0.5 / len(other_train))])
    model = fit_logistic(x, y, l2=1e-3, sample_weight=balance)

    distances = [mahalanobis(part.descriptor @ projection.T, mean, precision) for part in validation]
    warn = max(_all_but(d, 0.005) for d in distances)
    residual_warn, residual_refusal = reconstruction_limits(sae, [part.class_token for part in validation])
    passing = [model.probability(part.descriptor) for part in validation]
    # The limit lets 99.7 % of each kind of held-out chest pass, and is never stricter than even odds.
    limit = min(0.5, *(-_all_but(-p, 0.003) for p in passing))
    others = model.probability(other_validation)
    other_distance = mahalanobis(other_validation @ projection.T, mean, precision)
    refused = (others < limit) | (other_distance > REFUSAL_MARGIN * warn)
    shown = np.concatenate(passing)
    metrics = {
        "gate frontal auroc": auroc(
            np.concatenate([shown, others]), np.concatenate([np.ones(len(shown)), np.zeros(len(others))])
        ),
        "gate share of non-chests refused": float(refused.mean()),
        "gate share of chests refused": float(
            np.mean((shown < limit) | (np.concatenate(distances) > REFUSAL_MARGIN * warn))
        ),
    }
    spec = GateSpec(
        descriptor=DESCRIPTOR,
        mahalanobis_warning=round(warn, 4),
        mahalanobis_refusal=round(REFUSAL_MARGIN * warn, 4),
        reconstruction_warning=residual_warn,
        reconstruction_refusal=residual_refusal,
        frontal_probability_refusal=round(limit, 6),
    )
    arrays = GateArrays(mean, precision, model.weight.astype(np.float32), float(model.bias), projection)
    return FittedGate(spec, arrays, metrics)


def reconstruction_limits(sae: FoldedSae, validation: Sequence[FloatArray]) -> tuple[float, float]:
    """Return from which unexplained share of a class token on the gate warns, and from which it refuses.

    Parameters
    ----------
    validation : sequence of ndarray of float32, shape (N, d_model)
        Held-out class tokens by kind of source; the strictest kind counts.
    """
    warn = max(_all_but(_unexplained(sae, tokens), 0.005) for tokens in validation)
    # Above 1 the features explain less than the decoder's bias alone.
    return round(warn, 4), round(max(1.0, REFUSAL_MARGIN * warn), 4)


def principal_directions(x: FloatArray, count: int) -> FloatArray:
    """Return the strongest principal directions of columns scaled to unit deviation, in the columns' own units.

    Returns
    -------
    ndarray of float32, shape (min(count, rows, columns), columns)
    """
    deviation = np.maximum(x.std(0, dtype=np.float64), 1e-6)
    scaled = (x - x.mean(0, dtype=np.float64)) / deviation
    columns = scaled.shape[1]
    count = min(count, *scaled.shape)
    _, directions = linalg.eigh(scaled.T @ scaled / len(scaled), subset_by_index=(columns - count, columns - 1))
    return np.ascontiguousarray((directions.T[::-1] / deviation).astype(np.float32))


def _all_but(values: npt.NDArray[np.float64], share: float) -> float:
    """Return the value that all but this share stay below; of few images two may lie above, odd ones as there are."""
    return float(np.quantile(values, 1.0 - max(share, min(0.5, 2.0 / len(values)))))


def _thinned(x: FloatArray) -> FloatArray:
    return x[:: -(-len(x) // MOST_OF_A_SOURCE)] if len(x) else x


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
