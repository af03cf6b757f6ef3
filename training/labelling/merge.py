"""Group features that say the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

COSINE = 0.9
JACCARD = 0.5
BLOCK = 512
"""Features that are compared with all others at a time."""


def duplicate_groups(
    ids: Sequence[int],
    directions: npt.NDArray[np.float32],
    descriptions: Sequence[str],
    fires: sparse.csc_array,
) -> list[int]:
    """Return for each feature the smallest id of its group.

    Two features are duplicates when their decoder directions have a cosine above 0.9, or when they carry the same
    description and fire on the same images (Jaccard index above 0.5).

    Parameters
    ----------
    directions : ndarray of float32, shape (features, d_model)
        Unit decoder rows.
    fires : sparse array of bool, shape (images, features)
    """
    parent = list(range(len(ids)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for first, second in _pairs(directions, descriptions, fires):
        a, b = root(first), root(second)
        parent[max(a, b)] = min(a, b)
    smallest: dict[int, int] = {}
    for index, ident in enumerate(ids):
        smallest[root(index)] = min(ident, smallest.get(root(index), ident))
    return [smallest[root(index)] for index in range(len(ids))]


def _pairs(
    directions: npt.NDArray[np.float32], descriptions: Sequence[str], fires: sparse.csc_array
) -> Iterator[tuple[int, int]]:
    """Yield pairs of duplicates; the comparisons of one block of features with all later ones are held at a time."""
    marks = fires.astype(np.float32)
    size = np.asarray(marks.sum(0), dtype=np.float32)
    names = np.unique(np.array(descriptions, dtype=str), return_inverse=True)[1]
    for first in range(0, len(descriptions), BLOCK):
        block = slice(first, first + BLOCK)
        alike = np.nonzero(directions[block] @ directions[first:].T > COSINE)
        shared = sparse.coo_array(marks[:, block].T @ marks[:, first:])
        here, there = shared.coords
        jaccard = shared.data / (size[here + first] + size[there + first] - shared.data)
        same = (jaccard > JACCARD) & (names[here + first] == names[there + first])
        for rows, columns in (alike, (here[same], there[same])):
            later = columns > rows
            yield from zip((rows[later] + first).tolist(), (columns[later] + first).tolist(), strict=True)
