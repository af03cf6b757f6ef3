"""METEOR (Banerjee and Lavie 2005; parameters of Lavie and Agarwal 2007) over exact words and stems.

Synonyms, which need WordNet, are left out. Words are aligned as NLTK aligns them, greedily from the end, so that
figures compare; the paper's alignment with the fewest crossings scores slightly higher where words repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from training.evaluation.report_metrics.stem import stem

ALPHA = 0.9
"""Weight of recall in the harmonic mean."""
BETA = 3.0
"""Power of the penalty on fragments."""
GAMMA = 0.5
"""Largest penalty."""


def meteor(candidate: Sequence[str], reference: Sequence[str]) -> float:
    """Return METEOR of one pair, 0..1; 1 of two empty texts."""
    if not candidate and not reference:
        return 1.0
    pairs = _align(candidate, reference)
    if not pairs:
        return 0.0
    precision, recall = len(pairs) / len(candidate), len(pairs) / len(reference)
    mean = precision * recall / (ALPHA * precision + (1 - ALPHA) * recall)
    penalty: float = GAMMA * (_chunks(pairs) / len(pairs)) ** BETA
    return mean * (1 - penalty)


def _align(candidate: Sequence[str], reference: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of positions, in the candidate's order: of equal words first, then of equal stems."""
    pairs: list[tuple[int, int]] = []
    left, right = list(range(len(candidate))), list(range(len(reference)))
    for first, second in (
        (list(candidate), list(reference)),
        ([stem(word) for word in candidate], [stem(word) for word in reference]),
    ):
        for i in reversed(left.copy()):
            j = next((j for j in reversed(right) if first[i] == second[j]), None)
            if j is not None:
                pairs.append((i, j))
                left.remove(i)
                right.remove(j)
    return sorted(pairs)


def _chunks(pairs: Sequence[tuple[int, int]]) -> int:
    """Return the number of runs of pairs that are adjacent and in one order in both texts."""
    return 1 + sum((b[0] - a[0], b[1] - a[1]) != (1, 1) for a, b in pairwise(pairs))
