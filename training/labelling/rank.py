"""Rank a description among those of other features: which of five tells best which held-out images fire the feature?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.labelling.cases import DEVICES, Attribute, Case
from training.labelling.score import Sample, truth_of

AMONG = 5
"""Descriptions that are ranked: the feature's own and four others, as in SAIL (arXiv 2603.23794)."""

Known = npt.NDArray[np.float32]


def finding_of(attribute: Attribute) -> tuple[str, str, bool]:
    """Return what a description is about: of descriptions with the same finding none is a rival of another."""
    device = attribute.location if attribute.observation == DEVICES else ""
    return attribute.observation, device, attribute.polarity == "present"


def expected_ranks(
    attributes: Sequence[Attribute | None], samples: Sequence[Sample | None], held_out_cases: Sequence[Case]
) -> list[float]:
    """Return each description's mean rank among five: 1 is best, 3 chance, NaN not to be told.

    The four others are the descriptions of features that have another finding. Not one draw of them is ranked, but
    the mean over all draws is computed: it is one more than four times the share of rivals that do better. Equal ones
    count half.

    Parameters
    ----------
    attributes : sequence of Attribute or None
        What each feature's description says.
    samples : sequence of Sample or None
        Held-out images that fire each feature, and silent ones; None where there are too few.
    held_out_cases : sequence of Case
        What is known of them: no image that a description was made from.
    """
    if not any(sample is not None for sample in samples):
        return [float("nan")] * len(attributes)
    field = _Field(Counter(attribute for attribute in attributes if attribute is not None), held_out_cases)
    return [
        float("nan") if attribute is None or sample is None else field.expected_rank(attribute, sample)
        for attribute, sample in zip(attributes, samples, strict=True)
    ]


class _Field:
    """All descriptions of a dictionary, each with the number of features that have it."""

    def __init__(self, said: Counter[Attribute], held_out_cases: Sequence[Case]) -> None:
        findings = [finding_of(attribute) for attribute in said]
        self._place = {attribute: row for row, attribute in enumerate(said)}
        self._features = np.array(list(said.values()))
        self._finding = np.array([findings.index(finding) for finding in findings])
        self._known: Known = np.stack(list(truth_of(said, held_out_cases).values()))

    def expected_rank(self, attribute: Attribute, sample: Sample) -> float:
        """Return the mean rank of a description among its rivals on a sample."""
        row = self._place[attribute]
        quality = balanced_accuracies(self._known, sample)
        rivals = (self._finding != self._finding[row]) & ~np.isnan(quality)
        count = int(self._features[rivals].sum())
        if count < AMONG - 1:
            return float("nan")
        ahead = self._features[rivals & (quality > quality[row])].sum()
        level = self._features[rivals & (quality == quality[row])].sum()
        return 1.0 + (AMONG - 1) * float(ahead + 0.5 * level) / count


def balanced_accuracies(known: Known, sample: Sample) -> npt.NDArray[np.float64]:
    """Return how well each statement tells the firing images of a sample from the silent ones.

    Parameters
    ----------
    known : ndarray of float32, shape (statements, images)
        1 true, 0 false, NaN unknown: such images do not count.

    Returns
    -------
    ndarray of float64, shape (statements,)
        NaN where nothing is known of the images of a kind.
    """
    true, false = _mean(known[:, sample.firing]), _mean(known[:, sample.silent])
    return 0.5 * (true + 1.0 - false)


def _mean(known: Known) -> npt.NDArray[np.float64]:
    there = ~np.isnan(known)
    number = there.sum(axis=1)
    total = np.where(there, known, 0.0).sum(axis=1, dtype=np.float64)
    share: npt.NDArray[np.float64] = np.divide(total, number, out=np.full(len(known), np.nan), where=number > 0)
    return share
