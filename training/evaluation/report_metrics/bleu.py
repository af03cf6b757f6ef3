"""BLEU (Papineni, Roukos, Ward and Zhu 2002), of a corpus with one reference a candidate, without smoothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

ORDER = 4


def bleu_counts(candidate: Sequence[str], reference: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return what BLEU needs of one pair; the counts of a corpus are their sum.

    Returns
    -------
    ndarray, shape (10,)
        Matched n-grams for n = 1..4, clipped by the reference; n-grams of the candidate for n = 1..4; words of the
        candidate; words of the reference.
    """
    matched, total = [], []
    for n in range(1, ORDER + 1):
        own, other = _ngrams(candidate, n), _ngrams(reference, n)
        matched.append(sum((own & other).values()))
        total.append(sum(own.values()))
    return np.array([*matched, *total, len(candidate), len(reference)], dtype=np.float64)


def bleu(counts: npt.NDArray[np.float64], order: int = ORDER) -> float:
    """Return BLEU-`order` from summed counts: geometric mean of the precisions times the brevity penalty, 0..1."""
    matched, total = counts[:order], counts[ORDER : ORDER + order]
    candidate, reference = counts[-2:]
    if candidate == 0 or np.any(matched == 0):
        return 0.0
    brevity = min(0.0, 1.0 - reference / candidate)
    return float(np.exp(np.log(matched / total).mean() + brevity))


def _ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
