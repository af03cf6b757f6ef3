"""Synthetic activations whose features are known: sparse sums of the rows of a dictionary, an offset and noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

FloatArray = npt.NDArray[np.float32]
ROWS = 8192
"""Rows drawn at a time."""


@dataclass(frozen=True)
class DictionaryOptions:
    """What to draw.

    Attributes
    ----------
    d_model, n_true : int
        Length of a row and number of true features.
    mean_l0 : float
        Mean number of features in a row.
    zipf : float
        The i-th feature occurs in a share of rows proportional to ``i^-zipf``, at most `most_frequent`.
    most_frequent : float
    rank : int
        Of the common causes that make features occur together.
    shared : float
        Share of the variance behind a feature's occurrence that comes from the common causes.
    noise : float
        Deviation of the noise of a coordinate, as a share of the signal's deviation of a coordinate.
    outliers : int
        Coordinates with a large offset, as the residual streams of transformers have them.
    seed : int
    """

    d_model: int
    n_true: int
    mean_l0: float
    zipf: float = 0.7
    most_frequent: float = 0.5
    rank: int = 16
    shared: float = 0.4
    noise: float = 0.05
    outliers: int = 3
    seed: int = 0


class KnownDictionary:
    """Rows ``x = c D + offset + noise``.

    D has unit rows in random directions. Coefficients are ``0.5 + |N(0, 1)|`` where a feature occurs and nought
    elsewhere; occurrence is a Gaussian copula: feature i occurs where ``sqrt(s) l_i·u + sqrt(1-s) e_i`` is below the
    quantile of its frequency, with unit loadings l_i and the row's common causes u.

    Attributes
    ----------
    directions : ndarray of float32, shape (n_true, d_model)
        D.
    frequency : ndarray of float64, shape (n_true,)
        Expected share of the rows that each feature occurs in.
    """

    def __init__(self, options: DictionaryOptions) -> None:
        self.options = options
        rng = np.random.default_rng([options.seed, 0])
        self.directions = _unit(rng.standard_normal((options.n_true, options.d_model))).astype(np.float32)
        self._loadings = _unit(rng.standard_normal((options.n_true, options.rank))).astype(np.float32)
        self.frequency = frequencies(options)
        self.offset = (0.3 * rng.standard_normal(options.d_model)).astype(np.float32)
        self.offset[rng.choice(options.d_model, options.outliers, replace=False)] = 5.0
        # E[c²] of a coefficient that is there: 0.25 + E|N| + 1.
        square = 1.25 + float(np.sqrt(2.0 / np.pi))
        self._noise = options.noise * float(np.sqrt(square * self.frequency.sum() / options.d_model))

    def pieces(self, rows: int, part: int) -> Iterator[FloatArray]:
        """Yield rows in pieces; `part` names independent draws from the same dictionary (training, held-out…)."""
        options, quantile = self.options, ndtri(self.frequency).astype(np.float32)
        for first in range(0, rows, ROWS):
            rng = np.random.default_rng([options.seed, 1 + part, first])
            count = min(ROWS, rows - first)
            causes = rng.standard_normal((count, options.rank), dtype=np.float32)
            behind = rng.standard_normal((count, options.n_true), dtype=np.float32)
            behind *= np.float32(np.sqrt(1.0 - options.shared))
            behind += np.float32(np.sqrt(options.shared)) * (causes @ self._loadings.T)
            row, feature = np.nonzero(behind < quantile)
            coefficients = np.zeros((count, options.n_true), dtype=np.float32)
            coefficients[row, feature] = 0.5 + np.abs(rng.standard_normal(len(row), dtype=np.float32))
            x = coefficients @ self.directions + self.offset
            x += np.float32(self._noise) * rng.standard_normal(x.shape, dtype=np.float32)
            yield x

    def rows(self, count: int, part: int) -> FloatArray:
        """Return rows, shape (count, d_model)."""
        return np.concatenate(list(self.pieces(count, part)))

    def write(self, path: Path, count: int, part: int) -> None:
        """Write rows into a file of NumPy's, without holding them all."""
        shape = (count, self.options.d_model)
        file = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
        first = 0
        for piece in self.pieces(count, part):
            file[first : first + len(piece)] = piece
            first += len(piece)
        file.flush()


def frequencies(options: DictionaryOptions) -> npt.NDArray[np.float64]:
    """Return the share of rows that each feature occurs in, which sum to the mean L0.

    Raises
    ------
    ValueError
        When so many features a row cannot be reached.
    """
    if not 0 < options.mean_l0 < options.n_true * options.most_frequent:
        raise ValueError(f"{options.n_true} features cannot occur {options.mean_l0} at a time")
    shape = np.arange(1, options.n_true + 1, dtype=np.float64) ** -options.zipf
    scale = options.mean_l0 / shape.sum()
    # The cap takes from the most frequent ones; the others are raised until the sum is right.
    for _ in range(100):
        capped = np.minimum(scale * shape, options.most_frequent)
        scale *= options.mean_l0 / capped.sum()
    return np.asarray(np.minimum(scale * shape, options.most_frequent))


def _unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
