"""Scores of entries: what a reader meets as one, features that are duplicates of each other under one description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from training.labelling.cases import Attribute, Case
from training.labelling.evidence import near_misses
from training.labelling.judge import Activity
from training.labelling.score import detection_samples, detection_scores, truth_of


def entry_scores(
    groups: Sequence[int],
    attributes: Mapping[int, Attribute],
    held_out: Activity,
    cases: Sequence[Case],
    *,
    minimum_firing: int,
    seed: int,
) -> dict[int, float]:
    """Return each entry's detection score: does its description tell which images fire any of its features?

    Of a dictionary that has forty features for one finding each fires on some of its images, and the description,
    which is true of all, cannot tell which. Together they say what the description says, and that is scored here as
    :func:`training.labelling.score.detection_scores` scores one feature, near misses of them all included.

    Parameters
    ----------
    groups : sequence of int
        Group of duplicates of each feature, in the order of the columns of `held_out`.
    attributes : mapping of int to Attribute
        What each group's description states; groups without a statement are left out.
    held_out : Activity
        Of the features on held-out images.
    cases : sequence of Case
        These images.
    minimum_firing : int
        Held-out firing images that a score needs; entries with fewer have none.

    Returns
    -------
    dict of int to float
        Balanced accuracy by group.
    """
    members = {group: np.flatnonzero(np.array(groups) == group) for group in attributes}
    if not members:
        return {}
    margin = np.stack([held_out.margin[:, columns].max(axis=1) for columns in members.values()], axis=1)
    fires = np.stack([held_out.fires[:, columns].any(axis=1) for columns in members.values()], axis=1)
    stated = [attributes[group] for group in members]
    truths = truth_of(stated, cases)
    samples = detection_samples(
        stated,
        fires,
        near_misses(fires.astype(np.float32), margin),
        truths,
        minimum_firing=minimum_firing,
        rngs=[np.random.default_rng([seed, group]) for group in members],
    )
    scores = detection_scores(stated, samples, truths)
    return {group: float(score) for group, score in zip(members, scores, strict=True) if not np.isnan(score)}
