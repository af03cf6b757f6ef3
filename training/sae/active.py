"""The few active latents of a batch, listed by row and by latent: what sparse products walk over."""

from __future__ import annotations

import torch
from torch import Tensor


class Active:
    """Where a (rows, features) matrix is active, without its values.

    Values of the entries travel beside it as vectors of shape (n,), always in the latents' order: by latent, and by row
    within a latent. Latents' order lets a product read each row of a weight matrix once; for products that need the
    batch's order `by_row` says where in a vector of values the next entry is.

    Parameters
    ----------
    rows, features : Tensor of int64, shape (n,)
        Row and latent of every entry, by rising row.
    shape : tuple of int
        (rows, features) of the matrix.

    Attributes
    ----------
    row, feature : Tensor of int64, shape (n,)
        Row and latent of the entries, in the latents' order.
    row_starts, feature_starts : Tensor of int64, shapes (rows + 1,) and (features + 1,)
        Where the entries of a row (batch's order) and of a latent (latents' order) begin.
    feature_by_row, by_row : Tensor of int64, shape (n,)
        In the batch's order: latent of the entry, and its place in the latents' order.
    """

    def __init__(self, rows: Tensor, features: Tensor, shape: tuple[int, int]) -> None:
        self.shape = shape
        self.feature_by_row = features
        self.row_starts = _starts(rows, shape[0])
        self.order = torch.argsort(features, stable=True)
        self.row, self.feature = rows[self.order], features[self.order]
        self.feature_starts = _starts(features, shape[1])
        self.by_row = torch.empty_like(self.order)
        self.by_row[self.order] = torch.arange(len(self.order), device=self.order.device)

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self.row)

    @property
    def density(self) -> float:
        """Share of the matrix that is active."""
        return len(self) / max(1, self.shape[0] * self.shape[1])

    def between(self, first: int, last: int) -> tuple[Active, slice]:
        """Return the entries of latents ``first`` to ``last - 1``, renumbered, and their place in vectors of values."""
        place = slice(int(self.feature_starts[first]), int(self.feature_starts[last]))
        row, feature = self.row[place], self.feature[place] - first
        by_row = torch.argsort(row, stable=True)
        return Active(row[by_row], feature[by_row], (self.shape[0], last - first)), place

    def count_by_feature(self, keep: Tensor | None = None) -> Tensor:
        """Return how many entries each latent has, shape (features,); of those marked in `keep` only, if given."""
        if keep is None:
            return self.feature_starts.diff()
        return torch.bincount(self.feature[keep], minlength=self.shape[1])

    def sum_by_feature(self, values: Tensor) -> Tensor:
        """Return the sum of the values of each latent, shape (features,)."""
        return torch.zeros(self.shape[1], dtype=values.dtype, device=values.device).index_add_(0, self.feature, values)

    def dense(self, values: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """Return rows ``first`` to ``last - 1`` as a matrix with zeros where nothing is active."""
        last = self.shape[0] if last is None else last
        place, flat = self._flat(first, last)
        matrix = torch.zeros(last - first, self.shape[1], dtype=values.dtype, device=values.device)
        matrix.view(-1)[flat] = values[self.by_row[place]]
        return matrix

    def pick(self, matrix: Tensor, first: int, last: int, out: Tensor) -> None:
        """Copy the entries of rows ``first`` to ``last - 1`` out of a matrix of these rows into a vector of values."""
        place, flat = self._flat(first, last)
        out[self.by_row[place]] = matrix.reshape(-1)[flat]

    def _flat(self, first: int, last: int) -> tuple[slice, Tensor]:
        place = slice(int(self.row_starts[first]), int(self.row_starts[last]))
        row = torch.repeat_interleave(self.row_starts[first : last + 1].diff())
        return place, row * self.shape[1] + self.feature_by_row[place]


def _starts(index: Tensor, length: int) -> Tensor:
    starts = torch.zeros(length + 1, dtype=torch.int64, device=index.device)
    torch.cumsum(torch.bincount(index, minlength=length), 0, out=starts[1:])
    return starts
