"""Held-out NIH images: what the sparse features still tell of real findings, beside the dense class token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from engine.pack.manifest import Readout
from training.corpus import Sample
from training.encoder.outputs import NIH_OBSERVATIONS
from training.evaluation.bootstrap import Interval, interval
from training.evaluation.probe import DenseProbe
from training.labelling.cases import NORMAL
from training.logistic import auroc, fit_logistic
from training.sae.folded import FloatArray, FoldedSae

MINIMUM_POSITIVE = 8
SPARSE_L1 = 1e-3
DENSE_L2 = 1e-2


@dataclass(frozen=True)
class NihRow:
    """One task on held-out images.

    Attributes
    ----------
    readout : Interval
        AUROC of the probability that the pack itself reports, a sum over its active features.
    probe : Interval
        AUROC of a dense probe on the class token, fitted on the same images as the pack's readout.
    sparse, dense : Interval
        AUROC of models fitted anew on the NIH training images alone, on the active features and on the class token.
    features_used : int
        Features of the refitted sparse model.
    """

    task: str
    positives: int
    negatives: int
    readout: Interval
    probe: Interval
    sparse: Interval
    dense: Interval
    features_used: int


@dataclass(frozen=True, eq=False)
class Scores:
    """What the pack and the dense probe say of images without being fitted to this measurement: (images,) each."""

    readout: dict[str, npt.NDArray[np.float64]]
    probe: dict[str, npt.NDArray[np.float64]]

    def of(self, observation: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the scores for an observation: those of the readout and of the probe."""
        return self.readout[observation], self.probe[observation]


def own_scores(readouts: Sequence[Readout], probe: DenseProbe, activations: FloatArray, tokens: FloatArray) -> Scores:
    """Return the log odds of every observation as a whole, by the pack's readouts and by the dense probe."""
    own = {
        r.observation: np.asarray(activations[:, list(r.feature_ids)] @ np.array(r.weights) + r.bias, dtype=np.float64)
        for r in readouts
        if r.laterality == "none" and not r.location
    }
    dense = {
        target.observation: np.asarray(tokens @ probe.weights[i] + probe.biases[i], dtype=np.float64)
        for i, target in enumerate(probe.targets)
        if target.laterality == "none" and not target.location
    }
    return Scores(own, dense)


def score_nih(
    sae: FoldedSae, readouts: Sequence[Readout], probe: DenseProbe, samples: Sequence[Sample], tokens: FloatArray
) -> list[NihRow]:
    """Measure on NIH test images (patients apart) and on RSNA normals of the test split.

    The RSNA normals serve as negatives of this measurement only; no model that ships is fitted to them as normals.

    Parameters
    ----------
    readouts : sequence of Readout
        The pack's.
    probe : DenseProbe
        Fitted on the same images as these.
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
    own = own_scores(readouts, probe, activations, tokens)
    rows = []
    names = sorted({label for s in samples if s.case.source == "nih" for label in s.labels} - {NORMAL})
    for label in names:
        has = np.array([label in s.labels for s in samples])
        if NIH_OBSERVATIONS.get(label) and int((has & nih & test).sum()) >= MINIMUM_POSITIVE:
            scores = own.of(NIH_OBSERVATIONS[label][0])
            rows.append(row(f"{label} among NIH", scores, y=has, fit=nih & train, test=nih & test))
    abnormal = nih & ~normal
    fit = nih & train
    readout, dense = own.of(NORMAL)
    rows.append(row("abnormal against NIH No Finding", (-readout, -dense), y=abnormal, fit=fit, test=nih & test))
    chosen = (abnormal & test) | rsna
    rows.append(row("abnormal against RSNA normals", (-readout, -dense), y=abnormal, fit=fit, test=chosen))
    return rows


def _row(
    sparse: FloatArray,
    dense: FloatArray,
    groups: Sequence[str],
    task: str,
    own: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
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
        readout=measured(own[0][test]),
        probe=measured(own[1][test]),
        sparse=measured(sparse_model.score(sparse[test][:, firing])),
        dense=measured(dense_model.score(dense[test])),
        features_used=int((np.abs(sparse_model.weight) > 1e-9).sum()),
    )
