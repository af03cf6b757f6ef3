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
from training.labelling.entries import entry_scores
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
    entry_scores : mapping of int to float
        Scores of entries, by group of duplicates, where they are known (:mod:`training.labelling.entries`).
    """

    records: tuple[FeatureRecord, ...]
    evidence: tuple[Evidence, ...]
    scored: frozenset[int] = frozenset()
    ranks: Mapping[int, float] = field(default_factory=dict)
    entry_scores: Mapping[int, float] = field(default_factory=dict)


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
    stated = {record.duplicate_group: judged for record, judged in zip(reversed(records), reversed(own), strict=True)}
    scores = entry_scores(
        groups,
        {group: attribute for group, attribute in stated.items() if attribute is not None},
        there,
        held_out_cases,
        minimum_firing=scoring.minimum_scored,
        seed=seed,
    )
    return Labels(tuple(records), tuple(evidence), scored, ranked, scores)


def summary(
    records: Sequence[FeatureRecord],
    scored: frozenset[int],
    ranks: Mapping[int, float],
    entry_scores: Mapping[int, float] | None = None,
) -> dict[str, float]:
    """Return counts that describe a set of labels, the median score and rank where there are any; see `Labels`."""
    entries = {record.duplicate_group: same_words(record.description) for record in records if record.observation}
    described = [record for record in records if record.observation]
    scores = [record.label_score for record in described if record.id in scored]
    names = Counter(record.description for record in described)
    repeated = sum(count - 1 for count in names.values())
    citable = [record for record in described if record.reportable]
    in_drafts = {record.duplicate_group for record in citable}
    of_entries = entry_scores or {}
    medians = {
        "median label score": scores,
        "median label score in drafts": [record.label_score for record in citable if record.id in scored],
        "median entry score": list(of_entries.values()),
        "median entry score in drafts": [score for group, score in of_entries.items() if group in in_drafts],
        "median label rank among five": list(ranks.values()),
    }
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
        **{name: float(np.median(values)) for name, values in medians.items() if values},
    }
