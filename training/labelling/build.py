"""Label every living feature of a small autoencoder at once: statistics, words, score, duplicates, evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from scipy import sparse

from engine.pack.features import Evidence, FeatureRecord
from training.labelling.cases import DEVICES, Case
from training.labelling.choose import Rules
from training.labelling.describe import Wording
from training.labelling.evidence import evidence_rows
from training.labelling.judge import FloatArray, Judge, ScoreRules, activity
from training.labelling.merge import duplicate_groups
from training.sae.folded import FoldedSae


@dataclass(frozen=True)
class Labels:
    """Labelled features and their evidence.

    Attributes
    ----------
    records : tuple of FeatureRecord
    evidence : tuple of Evidence
    scored : frozenset of int
        Ids of the features whose description has a score; the `label_score` of others is chance.
    """

    records: tuple[FeatureRecord, ...]
    evidence: tuple[Evidence, ...]
    scored: frozenset[int] = frozenset()


def label_features(
    sae: FoldedSae,
    train: FloatArray,
    train_cases: Sequence[Case],
    *,
    held_out: FloatArray,
    held_out_cases: Sequence[Case],
    wording: Wording,
    rules: Rules,
    scoring: ScoreRules,
    seed: int = 0,
) -> Labels:
    """Describe every feature that fires on the training images, with all activations in memory.

    :mod:`training.labelling.chunk` does the same for dictionaries of any size.

    Parameters
    ----------
    train, held_out : ndarray of float32, shape (images, d_model)
        Class tokens; descriptions are made from the first and scored on the second.
    wording : Wording
        Templates of the descriptions.
    """
    z = sae.preactivations(train)
    alive = np.flatnonzero((z > sae.threshold).any(0))
    here = activity(z[:, alive], sae.threshold[alive])
    there = activity(sae.preactivations(held_out)[:, alive], sae.threshold[alive])
    judge = Judge(train_cases, held_out_cases, wording=wording, rules=rules, scoring=scoring)
    verdicts = judge.verdicts(here, there, repeat(np.random.default_rng(seed)))
    descriptions = [verdict.description for verdict in verdicts]
    groups = duplicate_groups(alive.tolist(), sae.w_dec[alive], descriptions, sparse.csc_array(here.fires))
    records: list[FeatureRecord] = []
    evidence: list[Evidence] = []
    for i, (ident, verdict) in enumerate(zip(alive.tolist(), verdicts, strict=True)):
        records.append(judge.record(ident, verdict, here.activations[:, i], groups[i]))
        if verdict.choice is not None:
            evidence.extend(evidence_rows(ident, here.activations[:, i], train_cases))
    scored = frozenset(ident for ident, verdict in zip(alive.tolist(), verdicts, strict=True) if verdict.scored)
    return Labels(tuple(records), tuple(evidence), scored)


def summary(records: Sequence[FeatureRecord], scored: frozenset[int]) -> dict[str, float]:
    """Return counts that describe a set of labels, and the median score where there are any; see `Labels`."""
    described = [record for record in records if record.observation]
    scores = [record.label_score for record in described if record.id in scored]
    names = Counter(record.description for record in described)
    repeated = sum(count - 1 for count in names.values())
    return {
        "features described": float(len(described)),
        "features scored": float(len(scores)),
        "features reportable": float(sum(record.reportable for record in records)),
        "features present": float(sum(r.polarity == "present" and bool(r.observation) for r in records)),
        "features absent or normal": float(sum(r.polarity != "present" and bool(r.observation) for r in records)),
        "features of devices": float(sum(r.observation == DEVICES for r in records)),
        "share of repeated descriptions": repeated / max(len(described), 1),
        **({"median label score": float(np.median(scores))} if scores else {}),
    }
