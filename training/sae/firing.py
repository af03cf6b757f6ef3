"""How often latents fire and how strongly: the two histograms by which dictionaries are judged at a glance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.sae.folded import FloatArray
from training.sae.metrics import ROWS, Autoencoder

DENSITY_EDGES = np.linspace(-6.0, 0.0, 61)
"""Of the histogram of firing rates: log10 of the share of tokens."""
ACTIVATION_EDGES = np.linspace(-4.0, 4.0, 81)
"""Of the histogram of activations: log10, in the encoder's units; what lies outside counts in the outermost bin."""


@dataclass(frozen=True, eq=False)
class Firing:
    """What latents do on tokens.

    Attributes
    ----------
    rate : ndarray of float64, shape (n_features,)
        Share of the tokens on which each fires.
    density : ndarray of int64, shape (60,)
        Latents by log10 of their rate, see `DENSITY_EDGES`; those that never fire are in none.
    activations : ndarray of int64, shape (80,)
        Positive activations by their log10, see `ACTIVATION_EDGES`.
    """

    rate: npt.NDArray[np.float64]
    density: npt.NDArray[np.int64]
    activations: npt.NDArray[np.int64]

    @property
    def alive(self) -> npt.NDArray[np.bool_]:
        """Which latents fire at least once."""
        return self.rate > 0


def firing(sae: Autoencoder, tokens: FloatArray) -> Firing:
    """Count on tokens of shape (N, d_model)."""
    counts: npt.NDArray[np.int64] | None = None
    strengths = np.zeros(len(ACTIVATION_EDGES) - 1, dtype=np.int64)
    for first in range(0, len(tokens), ROWS):
        activations = sae.encode(tokens[first : first + ROWS])
        count = (activations > 0).sum(0)
        counts = count if counts is None else counts + count
        strengths += _histogram(activations[activations > 0], ACTIVATION_EDGES)
    if counts is None:
        raise ValueError("there are no tokens to count on")
    rate = counts / len(tokens)
    return Firing(rate, _histogram(rate[rate > 0], DENSITY_EDGES), strengths)


def _histogram(positive: npt.NDArray[np.floating], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    logarithm = np.clip(np.log10(positive.astype(np.float64)), edges[0], edges[-1])
    return np.histogram(logarithm, edges)[0].astype(np.int64)
