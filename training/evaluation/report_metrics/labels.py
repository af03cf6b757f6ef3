"""Precision, recall and F1 of the CheXpert labels of reports, as CheXbert-F1 is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from engine.text.chexpert import PRESENT, UNCERTAIN

Values = npt.NDArray[np.float64]


def label_counts(
    candidate: Mapping[str, int | None], reference: Mapping[str, int | None], names: Sequence[str]
) -> Values:
    """Count one pair of reports; the counts of a corpus are their sum.

    A label is positive when it is present or uncertain, as in ``f1chexbert`` (Smit et al. 2020).

    Returns
    -------
    ndarray, shape (3 · len(names),)
        True positives, false positives and false negatives of every name.
    """
    own = np.array([candidate[name] in (PRESENT, UNCERTAIN) for name in names])
    true = np.array([reference[name] in (PRESENT, UNCERTAIN) for name in names])
    return np.concatenate([own & true, own & ~true, ~own & true]).astype(np.float64)


def micro(counts: Values) -> tuple[float, float, float]:
    """Return precision, recall and F1 of all labels together; NaN where there is nothing to divide by."""
    hits, extra, missed = counts.reshape(3, -1).sum(axis=1)
    return _ratio(hits, hits + extra), _ratio(hits, hits + missed), _ratio(2 * hits, 2 * hits + extra + missed)


def macro(counts: Values) -> tuple[float, float, float]:
    """Return the means of precision, recall and F1 over the names.

    A name without positives counts 0, as in scikit-learn.
    """
    hits, extra, missed = counts.reshape(3, -1)
    parts = ((hits, hits + extra), (hits, hits + missed), (2 * hits, 2 * hits + extra + missed))
    precision, recall, f1 = (
        float(np.divide(upper, lower, out=np.zeros_like(upper), where=lower > 0).mean()) for upper, lower in parts
    )
    return precision, recall, f1


def _ratio(upper: float, lower: float) -> float:
    return float(upper / lower) if lower else float("nan")
