"""What a sparse autoencoder keeps and how sparse it is, measured on held-out tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from training.sae.folded import FloatArray, FoldedSae

DENSE_RATE = 0.1
ROWS = 1024
"""Tokens whose activations are held at a time."""


class Autoencoder(Protocol):
    """What can be measured; tokens and reconstructions are in the units of the encoder's output."""

    @property
    def b_dec(self) -> FloatArray:
        """Bias of the decoder, shape (d_model,)."""

    def encode(self, tokens: FloatArray) -> FloatArray:
        """Return activations, shape (N, n_features), zero where a feature is off."""

    def decode(self, activations: FloatArray) -> FloatArray:
        """Return the reconstruction, shape (N, d_model)."""


@dataclass(frozen=True)
class SaeMetrics:
    """Quality on held-out tokens.

    Attributes
    ----------
    explained_variance : float
        ``1 - Σ|x - x_hat|² / Σ|x - mean(x)|²``.
    mean_l0 : float
        Mean number of active features of an image.
    alive : float
        Share of features that fire at least once.
    dense : float
        Share of the living features that fire on more than a tenth of the images.
    cosine : float
        Mean cosine of token and reconstruction, both centred on the decoder's bias.
    """

    explained_variance: float
    mean_l0: float
    alive: float
    dense: float
    cosine: float

    @property
    def fvu(self) -> float:
        """Fraction of variance unexplained."""
        return 1.0 - self.explained_variance


def measure(sae: Autoencoder, tokens: FloatArray) -> SaeMetrics:
    """Measure an autoencoder on tokens of shape (N, d_model) it was not trained on; sums are in float64."""
    error = cosines = 0.0
    fired: np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None = None
    for first in range(0, len(tokens), ROWS):
        piece = tokens[first : first + ROWS]
        activations = sae.encode(piece)
        reconstruction = sae.decode(activations).astype(np.float64)
        x = piece.astype(np.float64)
        a, b = x - sae.b_dec, reconstruction - sae.b_dec
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        cosines += float(((a * b).sum(1) / np.maximum(lengths, 1e-12)).sum())
        error += float(np.square(x - reconstruction).sum())
        count = (activations > 0).sum(0)
        fired = count if fired is None else fired + count
    if fired is None:
        raise ValueError("there are no tokens to measure on")
    x = tokens.astype(np.float64)
    rate = fired / len(tokens)
    living = rate > 0
    return SaeMetrics(
        explained_variance=float(1.0 - error / np.square(x - x.mean(0)).sum()),
        mean_l0=float(rate.sum()),
        alive=float(living.mean()),
        dense=float((rate[living] > DENSE_RATE).mean()) if living.any() else 0.0,
        cosine=cosines / len(tokens),
    )


def random_features(tokens: FloatArray, n_features: int, mean_l0: float, seed: int) -> FoldedSae:
    """Return the control: random directions, one threshold set for `mean_l0`, decoder fitted by ridge regression.

    A trained dictionary has to beat it, since random directions with a fitted decoder explain variance too.
    """
    rng = np.random.default_rng(seed)
    d_model = tokens.shape[1]
    w_enc = rng.standard_normal((n_features, d_model)).astype(np.float32)
    w_enc /= np.linalg.norm(w_enc, axis=1, keepdims=True)
    centre = tokens.mean(0)
    z = (tokens - centre) @ w_enc.T
    threshold = np.full(n_features, max(0.0, float(np.quantile(z, 1.0 - mean_l0 / n_features))), dtype=np.float32)
    activations = np.where(z > threshold, z, 0.0).astype(np.float64)
    gram = activations.T @ activations
    ridge = 1e-3 * float(np.trace(gram)) / n_features + 1e-9
    w_dec = np.linalg.solve(gram + ridge * np.eye(n_features), activations.T @ (tokens - centre).astype(np.float64))
    return FoldedSae(
        w_enc=w_enc,
        b_enc=np.zeros(n_features, dtype=np.float32),
        threshold=threshold,
        b_dec=centre.astype(np.float32),
        w_dec=w_dec.astype(np.float32),
    )
