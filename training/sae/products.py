"""Products of a sparse matrix of activations with dense matrices, by whichever way is faster at its density.

On a CPU a sparse product costs about twenty times more an entry than a dense one, so that it pays up to some per cent
of density: a trained autoencoder has a tenth of a per cent. Both ways give the same numbers up to rounding.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from training.sae.active import Active

DENSE_FROM = 0.06
"""Density from which the dense way is taken."""
ROWS = 512
"""Rows of the batch that the dense way writes out at a time."""
FEATURES = 4096
"""Latents whose gradient is summed at a time: a piece stays in the cache until it is copied to its place."""


def decode(active: Active, values: Tensor, weight: Tensor) -> Tensor:
    """Return ``A weight``: shape (rows, d) for values (n,) of A and a weight of shape (features, d)."""
    if active.density >= DENSE_FROM:
        return torch.cat([active.dense(values, first, last) @ weight for first, last in _pieces(active.shape[0])])
    return functional.embedding_bag(
        active.feature_by_row, weight, active.row_starts[:-1], mode="sum", per_sample_weights=values[active.by_row]
    )


def dots(active: Active, x: Tensor, weight: Tensor) -> Tensor:
    """Return ``x weightᵀ`` at the entries, shape (n,), for x of shape (rows, d) and a weight of shape (features, d)."""
    if active.density >= DENSE_FROM:
        values = torch.empty(len(active), dtype=x.dtype, device=x.device)
        for first, last in _pieces(active.shape[0]):
            active.pick(x[first:last] @ weight.T, first, last, values)
        return values
    zeros = torch.zeros(len(active), dtype=x.dtype, device=x.device)
    with warnings.catch_warnings():
        # PyTorch calls its CSR layout beta, and says that it does not check what was built correctly above.
        warnings.simplefilter("ignore", UserWarning)
        starts, shape = active.feature_starts, active.shape[::-1]
        pattern = torch.sparse_csr_tensor(starts, active.row, zeros, shape, device=x.device)
        product: Tensor = torch.sparse.sampled_addmm(pattern, weight, x.T, beta=0.0).values()
    return product


def gather_rows(active: Active, values: Tensor, x: Tensor, out: Tensor, *, add: bool = False) -> None:
    """Write ``Aᵀ x`` to `out`, shape (features, d), or add it to what is there."""
    if active.density >= DENSE_FROM:
        if not add:
            out.zero_()
        for first, last in _pieces(active.shape[0]):
            out.addmm_(active.dense(values, first, last).T, x[first:last])
        return
    starts = active.feature_starts
    for low in range(0, active.shape[1], FEATURES):
        high = min(low + FEATURES, active.shape[1])
        first, last = int(starts[low]), int(starts[high])
        if first == last:
            if not add:
                out[low:high].zero_()
            continue
        piece = functional.embedding_bag(
            active.row[first:last],
            x,
            starts[low:high] - first,
            mode="sum",
            per_sample_weights=values[first:last],
        )
        if add:
            out[low:high].add_(piece)
        else:
            out[low:high].copy_(piece)


def _pieces(rows: int) -> Iterator[tuple[int, int]]:
    for first in range(0, rows, ROWS):
        yield first, min(first + ROWS, rows)
