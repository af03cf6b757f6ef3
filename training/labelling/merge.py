"""Group features that say the same thing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

COSINE = 0.9
JACCARD = 0.5


def duplicate_groups(
    ids: Sequence[int],
    directions: npt.NDArray[np.float32],
    descriptions: Sequence[str],
    fires: npt.NDArray[np.bool_],
) -> list[int]:
    """Return for each feature the smallest id of its group.

    Two features are duplicates when their decoder directions have a cosine above 0.9, or when they carry the same
    description and fire on the same images (Jaccard index above 0.5).

    Parameters
    ----------
    directions : ndarray of float32, shape (features, d_model)
        Unit decoder rows.
    fires : ndarray of bool, shape (images, features)
    """
    parent = list(range(len(ids)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    f = fires.astype(np.float32)
    shared = f.T @ f
    size = np.diag(shared)
    jaccard = shared / np.maximum(size[:, None] + size[None] - shared, 1.0)
    names = np.array(descriptions)
    same = (directions @ directions.T > COSINE) | ((jaccard > JACCARD) & (names[:, None] == names[None]))
    for first, second in zip(*np.nonzero(np.triu(same, 1)), strict=True):
        a, b = root(int(first)), root(int(second))
        parent[max(a, b)] = min(a, b)
    smallest: dict[int, int] = {}
    for index, ident in enumerate(ids):
        smallest[root(index)] = min(ident, smallest.get(root(index), ident))
    return [smallest[root(index)] for index in range(len(ids))]
