"""Thresholds of general statements, which a draft makes only where it makes no specific one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.pack.manifest import Readout
from engine.report.vocabulary import PARENTS
from training.labelling.cases import DEVICES, Attribute, Case
from training.logistic import sigmoid

FloatArray = npt.NDArray[np.float32]
NEVER = 1.0
"""A threshold that no probability reaches."""


def narrow_general(
    readouts: Sequence[Readout], activations: FloatArray, cases: Sequence[Case], *, precision: float, minimum: int
) -> tuple[Readout, ...]:
    """Return the readouts with the thresholds of general ones chosen where a draft would state them.

    "Lung opacity" is left out beside a consolidation, and an unnamed device beside a named one. What remains are the
    images on which no specific readout passes: mostly faint findings and false alarms, of which the threshold that is
    best over all images knows nothing. There the general statement takes the lowest threshold, not below that one, at
    which it is as often right as asked for, in each source of images that shows both; where none is, it is never made.

    Parameters
    ----------
    readouts : sequence of Readout
        All of a pack, in any order.
    activations : ndarray of float32, shape (images, n_features)
        On the validation images, from which thresholds are chosen.
    cases : sequence of Case
        What is known of these images.
    precision : float
        Share of right statements that is asked for.
    minimum : int
        Images on which the finding is known, of a source that is asked.
    """
    return tuple(
        _narrowed(readout, specific, activations, cases, precision=precision, minimum=minimum)
        if readout.reportable and (specific := [other for other in readouts if is_specific(other, readout)])
        else readout
        for readout in readouts
    )


def is_specific(readout: Readout, general: Readout) -> bool:
    """Whether a draft that states a readout's finding leaves out a general one's."""
    if not readout.reportable or general.laterality != "none" or general.location or readout.laterality != "none":
        return False
    if general.observation == DEVICES:
        return readout.observation == DEVICES and bool(readout.location)
    return PARENTS.get(readout.observation) == general.observation and not readout.location


def probabilities(readout: Readout, activations: FloatArray) -> npt.NDArray[np.float64]:
    """Return a readout's probability on each image, shape (images,)."""
    score = activations[:, list(readout.feature_ids)] @ np.array(readout.weights) + readout.bias
    return sigmoid(np.asarray(score, dtype=np.float64))


def _narrowed(
    general: Readout,
    specific: Sequence[Readout],
    activations: FloatArray,
    cases: Sequence[Case],
    *,
    precision: float,
    minimum: int,
) -> Readout:
    target = Attribute(general.observation)
    truth = np.array([np.nan if (held := target.holds(case)) is None else float(held) for case in cases])
    sources = np.array([case.source for case in cases])
    alone = ~np.isnan(truth)
    for readout in specific:
        alone &= probabilities(readout, activations) < readout.threshold
    probability = probabilities(general, activations)
    lowest = [
        lowest_precise(probability[rows], truth[rows], precision)
        for source in np.unique(sources[alone])
        if (rows := alone & (sources == source)).sum() >= minimum and truth[rows].any()
    ]
    threshold = max([general.threshold, *lowest]) if lowest else NEVER
    absence = min(general.absence_threshold, general.threshold)
    return general.model_copy(update={"threshold": round(threshold, 6), "absence_threshold": absence})


def lowest_precise(probability: npt.NDArray[np.float64], y: npt.NDArray[np.float64], precision: float) -> float:
    """Return the lowest threshold from which on a statement is right often enough; `NEVER` where there is none."""
    order = np.argsort(-probability, kind="stable")
    p, right = probability[order], np.cumsum(y[order]) / np.arange(1, len(y) + 1)
    last = np.append(p[1:] < p[:-1], True)
    allowed = np.flatnonzero(last & (right >= precision))
    if not len(allowed):
        return NEVER
    index = int(allowed[-1])
    return float((p[index] + (p[index + 1] if index + 1 < len(p) else 0.0)) / 2.0)
