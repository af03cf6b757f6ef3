"""Label every living feature of a small autoencoder at once: statistics, words, score, duplicates, evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from scipy import sparse

from engine.pack.features import Evidence, FeatureRecord
from training.labelling.cases import DEVICES, Case
from training.labelling.choose import Rules
from training.labelling.describe import Wording
from training.labelling.evidence import evidence_rows
from training.labelling.judge import FloatArray, Judge, ScoreRules, activity
from training.labelling.merge import duplicate_groups, same_words
from training.labelling.quality import UNPOLAR
from training.labelling.rank import expected_ranks
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
    ranks : mapping of int to float
        Mean rank among five of the descriptions that were ranked, by feature.
    """

    records: tuple[FeatureRecord, ...]
    evidence: tuple[Evidence, ...]
    scored: frozenset[int] = frozenset()
    ranks: Mapping[int, float] = field(default_factory=dict)


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
    groups = duplicate_groups(
        alive.tolist(),
        sae.w_dec[alive],
        descriptions,
        sparse.csc_array(here.fires),
        [verdict.choice is not None for verdict in verdicts],
    )
    records: list[FeatureRecord] = []
    evidence: list[Evidence] = []
    for i, (ident, verdict) in enumerate(zip(alive.tolist(), verdicts, strict=True)):
        records.append(judge.record(ident, verdict, here.activations[:, i], groups[i]))
        if verdict.choice is not None:
            evidence.extend(evidence_rows(ident, here.activations[:, i], train_cases))
    scored = frozenset(ident for ident, verdict in zip(alive.tolist(), verdicts, strict=True) if verdict.scored)
    own = [verdict.choice.attribute if verdict.choice is not None else None for verdict in verdicts]
    ranks = expected_ranks(own, [verdict.sample for verdict in verdicts], held_out_cases)
    ranked = {ident: round(r, 4) for ident, r in zip(alive.tolist(), ranks, strict=True) if not np.isnan(r)}
    return Labels(tuple(records), tuple(evidence), scored, ranked)


def summary(records: Sequence[FeatureRecord], scored: frozenset[int], ranks: Mapping[int, float]) -> dict[str, float]:
    """Return counts that describe a set of labels, the median score and rank where there are any; see `Labels`."""
    entries = {record.duplicate_group: same_words(record.description) for record in records if record.observation}
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
        "entries of descriptions": float(len(entries)),
        "share of repeated entries": (len(entries) - len(set(entries.values()))) / max(len(entries), 1),
        "features without polarity": float(sum(UNPOLAR.search(record.description) is not None for record in described)),
        **({"median label score": float(np.median(scores))} if scores else {}),
        **({"median label rank among five": float(np.median(list(ranks.values())))} if ranks else {}),
    }
