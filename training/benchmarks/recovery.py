"""How well an autoencoder found a dictionary that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.benchmarks.known_dictionary import FloatArray

FOUND = 0.9
"""Cosine from which on a true feature counts as found."""


@dataclass(frozen=True)
class Trained:
    """What a trained autoencoder makes of held-out rows, in the units of these rows.

    Attributes
    ----------
    decoder : ndarray of float32, shape (n_features, d_model)
        Directions of the latents, of any length.
    reconstruction : ndarray of float32, shape (N, d_model)
    fires : ndarray of int64, shape (n_features,)
        On how many of the rows each latent is active.
    """

    decoder: FloatArray
    reconstruction: FloatArray
    fires: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Recovery:
    """Quality against the truth.

    Attributes
    ----------
    mean_max_cosine : float
        Mean over the true features of the largest cosine with a direction that is alive.
    found : float
        Share of the true features with a cosine of at least 0.9.
    fvu : float
        Fraction of variance unexplained.
    mean_l0 : float
        Mean number of active latents of a row.
    dead : float
        Share of the latents that are active on no row.
    """

    mean_max_cosine: float
    found: float
    fvu: float
    mean_l0: float
    dead: float


def recovery(trained: Trained, x: FloatArray, directions: FloatArray) -> Recovery:
    """Compare with held-out rows, shape (N, d_model), and the true directions, shape (n_true, d_model)."""
    alive = trained.fires > 0
    best = np.zeros(len(directions))
    if alive.any():
        learnt, true = trained.decoder[alive].astype(np.float64), directions.astype(np.float64)
        learnt /= np.maximum(np.linalg.norm(learnt, axis=1, keepdims=True), 1e-12)
        true /= np.linalg.norm(true, axis=1, keepdims=True)
        best = (true @ learnt.T).max(axis=1)
    rows = x.astype(np.float64)
    error = np.square(rows - trained.reconstruction).sum()
    return Recovery(
        mean_max_cosine=float(best.mean()),
        found=float((best >= FOUND).mean()),
        fvu=float(error / np.square(rows - rows.mean(0)).sum()),
        mean_l0=float(trained.fires.sum() / len(x)),
        dead=float(1.0 - alive.mean()),
    )
