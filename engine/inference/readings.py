"""What the activations of one image say: the active features with their words, and the readouts' probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.inference.analysis import ActiveFeature, ObservationProbability
from engine.pack.features import FeatureRecord, FeatureStore
from engine.pack.manifest import OBSERVATIONS, Readout


def active_features(
    store: FeatureStore, ids: Sequence[int], activations: npt.NDArray[np.float32]
) -> tuple[ActiveFeature, ...]:
    """Return the active features, the highest percentile first.

    Parameters
    ----------
    ids : sequence of int
        Those that are active.
    activations : ndarray of float32, shape (F,)
    """
    records = store.get(ids)
    features = [
        _described(records[i], float(activations[i])) if i in records else _undescribed(i, float(activations[i]))
        for i in ids
    ]
    return tuple(sorted(features, key=lambda f: (-f.percentile, -f.activation, f.id)))


def observations(
    readouts: Sequence[Readout], activations: npt.NDArray[np.float32]
) -> tuple[ObservationProbability, ...]:
    """Return the 14 observations in their order, then readouts by side and location in the order given."""
    whole = {r.observation: r for r in readouts if r.laterality == "none" and not r.location}
    first = [whole[name] for name in OBSERVATIONS]
    return tuple(_probability(r, activations) for r in [*first, *(r for r in readouts if r not in first)])


def _described(record: FeatureRecord, value: float) -> ActiveFeature:
    return ActiveFeature(
        id=record.id,
        description=record.description,
        activation=value,
        percentile=record.percentile(value),
        observation=record.observation,
        polarity=record.polarity,
        laterality=record.laterality,
        location=record.location,
        severity=record.severity,
        section=record.section,
        label_score=record.label_score,
        reportable=record.reportable,
        typical=record.quantiles[len(record.quantiles) // 2],
    )


def _undescribed(ident: int, value: float) -> ActiveFeature:
    return ActiveFeature(
        id=ident,
        description=f"feature {ident} (not described)",
        activation=value,
        percentile=0.0,
        observation="",
        polarity="present",
        laterality="none",
        location="",
        severity="none",
        section="other",
        label_score=0.0,
        reportable=False,
    )


def _probability(readout: Readout, activations: npt.NDArray[np.float32]) -> ObservationProbability:
    """sigmoid(bias + Σ weight · activation); the evidence is the active features, the strongest push up first."""
    pushes = {i: w * float(activations[i]) for i, w in zip(readout.feature_ids, readout.weights, strict=True)}
    logit = max(-500.0, min(500.0, readout.bias + sum(pushes.values())))
    active = sorted((i for i in pushes if activations[i] > 0.0), key=lambda i: (-pushes[i], i))
    return ObservationProbability(
        readout.observation,
        readout.laterality,
        readout.location,
        1.0 / (1.0 + math.exp(-logit)),
        readout.threshold,
        readout.absence_threshold,
        tuple(active),
        readout.reportable,
    )
