"""What every consumer of activations reads: endless shuffled batches whose position can be saved and found again."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
State = dict[str, int]
"""Where a stream stands: whole numbers only, so that it fits into any checkpoint."""


class TokenStream(Protocol):
    """Endless batches of activation rows, each epoch in a new order.

    Attributes
    ----------
    d_model : int
        Width of a row.
    rows : int
        Rows of one epoch.
    """

    d_model: int
    rows: int

    def next_batch(self) -> FloatArray:
        """Return the next rows, shape (batch, d_model); a batch may span the end of an epoch."""

    def state(self) -> State:
        """Return the position, such that a stream given it goes on with the very same rows."""

    def load_state(self, state: State) -> None:
        """Go to a position."""


class ArrayStream:
    """A stream over rows in memory.

    Parameters
    ----------
    tokens : ndarray of float32, shape (rows, d_model)
    batch : int
        Rows a batch; at most as many as there are.
    seed : int
        Of the orders: epoch e is shuffled by (seed, e), so that a position is two numbers.

    Raises
    ------
    ValueError
        When there are fewer rows than a batch.
    """

    def __init__(self, tokens: FloatArray, batch: int, seed: int) -> None:
        if not 0 < batch <= len(tokens):
            raise ValueError(f"a batch of {batch} rows cannot be drawn from {len(tokens)}")
        self.d_model, self.rows = int(tokens.shape[1]), len(tokens)
        self._tokens, self._batch, self._seed = tokens, batch, seed
        self._epoch = self._position = 0
        self._order = self._shuffled(0)

    def _shuffled(self, epoch: int) -> npt.NDArray[np.intp]:
        return np.random.default_rng([self._seed, epoch]).permutation(self.rows)

    def next_batch(self) -> FloatArray:
        """Return the next rows."""
        chosen = self._order[self._position : self._position + self._batch]
        self._position += len(chosen)
        if len(chosen) < self._batch:
            self._epoch, self._position = self._epoch + 1, self._batch - len(chosen)
            self._order = self._shuffled(self._epoch)
            chosen = np.concatenate([chosen, self._order[: self._position]])
        return self._tokens[chosen]

    def state(self) -> State:
        """Return the position."""
        return {"epoch": self._epoch, "position": self._position}

    def load_state(self, state: State) -> None:
        """Go to a position."""
        self._epoch, self._position = state["epoch"], state["position"]
        self._order = self._shuffled(self._epoch)
