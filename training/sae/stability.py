"""Whether another seed finds the same directions: decoder rows of two autoencoders, matched one to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.optimize import linear_sum_assignment

from training.sae.config import SaeConfig
from training.sae.folded import FloatArray

SAME = 0.7
"""Cosine from which two directions count as one (Paulo and Belrose 2025, arXiv 2501.16615)."""
MOST = 2048
"""Directions that are matched, against all of the other's: a square of 49,152 would need 19 GB."""


@dataclass(frozen=True)
class Stability:
    """How well the directions of two autoencoders match.

    Attributes
    ----------
    shared : float
        Share of the matched pairs with a cosine of at least `SAME`.
    mean_cosine : float
        Of the matched pairs.
    matched : int
        Pairs: every direction of the autoencoder that has fewer, or `MOST` of them.
    """

    shared: float
    mean_cosine: float
    matched: int


def stability(first: FloatArray, second: FloatArray, seed: int = 0) -> Stability:
    """Match directions one to one such that the summed cosine is largest (Hungarian method).

    Parameters
    ----------
    first, second : ndarray of float32, shapes (F, d_model) and (G, d_model)
        Unit directions of living latents; those of dead ones are where they began.
    seed : int
        Of the draw, where there are more than `MOST`.
    """
    fewer, more = sorted((first, second), key=len)
    if len(fewer) > MOST:
        fewer = fewer[np.sort(np.random.default_rng(seed).permutation(len(fewer))[:MOST])]
    if not len(fewer):
        return Stability(0.0, 0.0, 0)
    cosine = fewer @ more.T
    rows, columns = linear_sum_assignment(cosine, maximize=True)
    matched = cosine[rows, columns]
    return Stability(float((matched >= SAME).mean()), float(matched.mean()), len(matched))


def twins(configs: Sequence[SaeConfig]) -> list[tuple[SaeConfig, SaeConfig]]:
    """Return the pairs that differ in nothing but their seed."""
    return [(a, b) for a, b in combinations(configs, 2) if replace(a, seed=b.seed) == b]
