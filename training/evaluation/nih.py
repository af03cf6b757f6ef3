"""Held-out NIH images: what the sparse features still tell of real findings, beside the dense class token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from training.corpus import Sample
from training.evaluation.bootstrap import Interval, interval
from training.labelling.cases import NORMAL
from training.logistic import auroc, fit_logistic
from training.sae.folded import FloatArray, FoldedSae

MINIMUM_POSITIVE = 8
SPARSE_L1 = 1e-3
DENSE_L2 = 1e-2


@dataclass(frozen=True)
class NihRow:
    """One task: AUROC of the sparse features and of the dense token, and how many features the sparse model uses."""

    task: str
    positives: int
    negatives: int
    sparse: Interval
    dense: Interval
    features_used: int


def score_nih(sae: FoldedSae, samples: Sequence[Sample], tokens: FloatArray) -> list[NihRow]:
    """Fit on NIH training images, measure on NIH test images (patients apart) and on RSNA normals of the test split.

    The RSNA normals serve as negatives of this measurement only; no model that ships is fitted to them as normals.

    Parameters
    ----------
    samples, tokens
        Real images with their class tokens, (N, d_model), all splits.
    """
    source = np.array([s.case.source for s in samples])
    split = np.array([s.case.split for s in samples])
    normal = np.array([s.labels == (NORMAL,) for s in samples])
    groups = [s.case.group for s in samples]
    activations = sae.encode(tokens)
    nih, train, test = source == "nih", split != "test", split == "test"
    rsna = (source == "rsna") & normal & test
    row = partial(_row, activations, tokens, groups)
    rows = []
    names = sorted({label for s in samples if s.case.source == "nih" for label in s.labels} - {NORMAL})
    for label in names:
        has = np.array([label in s.labels for s in samples])
        if int((has & nih & test).sum()) >= MINIMUM_POSITIVE:
            rows.append(row(f"{label} among NIH", y=has, fit=nih & train, test=nih & test))
    abnormal = nih & ~normal
    fit = nih & train
    rows.append(row("abnormal against NIH No Finding", y=abnormal, fit=fit, test=nih & test))
    rows.append(row("abnormal against RSNA normals", y=abnormal, fit=fit, test=(abnormal & test) | rsna))
    return rows


def _row(
    sparse: FloatArray,
    dense: FloatArray,
    groups: Sequence[str],
    task: str,
    *,
    y: npt.NDArray[np.bool_],
    fit: npt.NDArray[np.bool_],
    test: npt.NDArray[np.bool_],
) -> NihRow:
    firing = (sparse[fit] > 0).sum(0) >= 5
    known = y[fit].astype(np.float64)
    sparse_model = fit_logistic(sparse[fit][:, firing], known, l1=SPARSE_L1)
    dense_model = fit_logistic(dense[fit], known, l2=DENSE_L2)
    truth = y[test].astype(np.float64)
    held_groups = [group for group, keep in zip(groups, test, strict=True) if keep]

    def measured(score: npt.NDArray[np.float64]) -> Interval:
        return interval(lambda chosen: auroc(score[chosen], truth[chosen]), held_groups)

    return NihRow(
        task=task,
        positives=int(truth.sum()),
        negatives=int(len(truth) - truth.sum()),
        sparse=measured(sparse_model.score(sparse[test][:, firing])),
        dense=measured(dense_model.score(dense[test])),
        features_used=int((np.abs(sparse_model.weight) > 1e-9).sum()),
    )
