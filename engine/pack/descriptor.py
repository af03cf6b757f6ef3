"""What the input gate sees of an image: more than the class token, which is made to hold findings and little else."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Descriptor = Literal["class_token", "regions"]
GRID = 4
"""The patches are averaged over this many rows and columns of regions."""


def descriptor_width(descriptor: Descriptor, d_model: int) -> int:
    """Length of a descriptor."""
    return d_model if descriptor == "class_token" else (2 + GRID * GRID) * d_model


def describe(
    descriptor: Descriptor, class_token: FloatArray, patch_tokens: FloatArray, rows: int, columns: int
) -> FloatArray:
    """Describe images by the encoder's outputs.

    Parameters
    ----------
    class_token : ndarray of float32, shape (N, D)
    patch_tokens : ndarray of float32, shape (N, rows * columns, D)
        Row-major.

    Returns
    -------
    ndarray of float32, shape (N, D) or (N, 18 D)
        The class token; for ``regions`` then the patches' standard deviation and their means over a 4 x 4 grid of
        regions, row by row: what there is, how uneven it is, and where.
    """
    if descriptor == "class_token":
        return class_token
    patches = patch_tokens.reshape(len(patch_tokens), rows, columns, -1)
    means = [
        patches[:, top:bottom, left:right].mean(axis=(1, 2))
        for top, bottom in _parts(rows)
        for left, right in _parts(columns)
    ]
    return np.concatenate([class_token, patch_tokens.std(axis=1), *means], axis=1, dtype=np.float32)


def _parts(count: int) -> list[tuple[int, int]]:
    """Split `count` rows or columns in GRID parts; parts overlap where they do not come out even."""
    return [(count * k // GRID, math.ceil(count * (k + 1) / GRID)) for k in range(GRID)]
