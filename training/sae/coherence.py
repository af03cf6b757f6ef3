"""How alike decoder directions are: a dictionary of near copies explains no more than half of it would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.sae.folded import FloatArray

PIECE = 1024
"""Directions that are compared with all others at a time."""


@dataclass(frozen=True)
class Coherence:
    """Cosines of each direction with its nearest other one.

    Attributes
    ----------
    mean, largest : float
        Over the directions; 0 where there are fewer than two.
    """

    mean: float
    largest: float


def coherence(directions: FloatArray) -> Coherence:
    """Measure directions of unit length, shape (F, d_model)."""
    if len(directions) < 2:
        return Coherence(0.0, 0.0)
    nearest = np.empty(len(directions))
    for first in range(0, len(directions), PIECE):
        piece = directions[first : first + PIECE]
        cosine = piece @ directions.T
        own = np.arange(len(piece))
        cosine[own, first + own] = -np.inf
        nearest[first : first + PIECE] = cosine.max(1)
    return Coherence(float(nearest.mean()), float(nearest.max()))
