"""Label every living feature of an autoencoder: statistics, words, score, duplicates, evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.pack.features import Evidence, FeatureRecord
from training.labelling.cases import DEVICES, Attribute, Case
from training.labelling.describe import Rules, Wording, choose_attributes
from training.labelling.evidence import evidence_rows, near_misses, quantiles
from training.labelling.merge import duplicate_groups
from training.labelling.score import detection_scores, precision_bounds
from training.sae.folded import FoldedSae

FloatArray = npt.NDArray[np.float32]
STYLE_SHARE = 0.9


@dataclass(frozen=True)
class Labels:
    """Labelled features and their evidence."""

    records: tuple[FeatureRecord, ...]
    evidence: tuple[Evidence, ...]


def label_features(
    sae: FoldedSae,
    train: FloatArray,
    train_cases: Sequence[Case],
    *,
    held_out: FloatArray,
    held_out_cases: Sequence[Case],
    wording: Wording,
    rules: Rules | None = None,
    score_threshold: float = 0.58,
    precision_threshold: float = 0.85,
    minimum_scored: int = 5,
    seed: int = 0,
) -> Labels:
    """Describe every feature that fires on the training images.

    Parameters
    ----------
    train, held_out : ndarray of float32, shape (images, d_model)
        Class tokens; descriptions are made from the first and scored on the second.
    wording : Wording
        Templates of the descriptions.
    score_threshold : float
        Balanced accuracy that a positive description must reach before a draft may cite the feature.
    precision_threshold : float
        Lower bound of a denial's precision on held-out images before a draft may cite the feature.
    minimum_scored : int
        Held-out firing images that a score needs.
    """
    rules = rules or Rules()
    activations = sae.encode(train)
    alive = np.flatnonzero((activations > 0).any(0))
    activations = activations[:, alive]
    margin = (sae.preactivations(train) - sae.threshold)[:, alive]
    fires = activations > 0
    attributes = choose_attributes(fires, near_misses(activations, margin), train_cases, rules)
    held_activations = sae.encode(held_out)[:, alive]
    held_margin = (sae.preactivations(held_out) - sae.threshold)[:, alive]
    scores = detection_scores(
        attributes,
        held_activations > 0,
        near_misses(held_activations, held_margin),
        held_out_cases,
        minimum_firing=minimum_scored,
        seed=seed,
    )
    bounds = precision_bounds(attributes, held_activations > 0, held_out_cases)
    descriptions = [
        wording.describe(attribute, _style(fires[:, i], train_cases) if attribute is None else "")
        for i, attribute in enumerate(attributes)
    ]
    groups = duplicate_groups(alive.tolist(), sae.w_dec[alive], descriptions, fires)
    records: list[FeatureRecord] = []
    evidence: list[Evidence] = []
    for i, ident in enumerate(alive.tolist()):
        attribute = attributes[i] or Attribute("", "normal")
        score = round(float(scores[i]), 4)
        reliable = score >= score_threshold if attribute.polarity == "present" else bounds[i] >= precision_threshold
        records.append(
            FeatureRecord(
                id=ident,
                description=descriptions[i],
                observation=attribute.observation,
                polarity=attribute.polarity,
                laterality=attribute.laterality,
                location=attribute.location,
                severity=attribute.severity,
                section=wording.section(attributes[i]),
                label_score=score,
                reportable=attributes[i] is not None and bool(reliable),
                firing_rate=round(float(fires[:, i].mean()), 6),
                quantiles=quantiles(activations[:, i]),
                duplicate_group=groups[i],
            )
        )
        if attributes[i] is not None:
            evidence.extend(evidence_rows(ident, activations[:, i], train_cases))
    return Labels(tuple(records), tuple(evidence))


def _style(fires: npt.NDArray[np.bool_], cases: Sequence[Case]) -> str:
    """Return the source that nearly all firing images come from, if there is one and it is not most of all images."""
    sources = Counter(cases[int(i)].source for i in np.flatnonzero(fires))
    source, count = sources.most_common(1)[0]
    everywhere = sum(case.source == source for case in cases) / len(cases)
    return source if count / sum(sources.values()) >= STYLE_SHARE > everywhere else ""


def summary(records: Sequence[FeatureRecord]) -> dict[str, float]:
    """Return counts that describe a set of labels."""
    described = [record for record in records if record.observation]
    names = Counter(record.description for record in described)
    repeated = sum(count - 1 for count in names.values())
    return {
        "features described": float(len(described)),
        "features reportable": float(sum(record.reportable for record in records)),
        "features present": float(sum(r.polarity == "present" and bool(r.observation) for r in records)),
        "features absent or normal": float(sum(r.polarity != "present" and bool(r.observation) for r in records)),
        "features of devices": float(sum(r.observation == DEVICES for r in records)),
        "share of repeated descriptions": repeated / max(len(described), 1),
        "median label score": float(np.median([r.label_score for r in described])) if described else 0.5,
    }
