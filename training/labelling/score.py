"""Score a description on held-out images: which of them fire the feature, and is it true where it fires?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.labelling.cases import Attribute, Case

Truths = Mapping[Attribute, npt.NDArray[np.float32]]
"""For each attribute, whether it holds for each image: 1, 0, or NaN where the image cannot tell."""


def truth_of(attributes: Iterable[Attribute | None], cases: Sequence[Case]) -> Truths:
    """Return, for each different attribute, whether it holds for each case."""
    return {
        attribute: np.array(
            [np.nan if (value := attribute.holds(case)) is None else float(value) for case in cases], dtype=np.float32
        )
        for attribute in dict.fromkeys(attributes)
        if attribute is not None
    }


def precision_bounds(
    attributes: Sequence[Attribute | None], fires: npt.NDArray[np.bool_], truths: Truths
) -> npt.NDArray[np.float64]:
    """Return the lower bound (Wilson, 90 %) of the share of held-out firing images of which each description is true.

    A denial is true of most images, so it can never *predict* which of them fire one of many features that imply it;
    what a draft must know of it is that it is true wherever it is said.

    Parameters
    ----------
    fires : ndarray of bool, shape (images, features)
        On held-out images.
    truths : Truths
        Of the attributes, on the same images.
    """
    z = 1.2816
    bounds = np.zeros(len(attributes))
    for feature, attribute in enumerate(attributes):
        if attribute is None:
            continue
        said = truths[attribute][fires[:, feature]]
        said = said[~np.isnan(said)]
        if len(said):
            share, n = float(said.mean()), len(said)
            centre = share + z * z / (2 * n)
            spread = z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
            bounds[feature] = (centre - spread) / (1 + z * z / n)
    return bounds


@dataclass(frozen=True, eq=False)
class Sample:
    """Held-out images that a description of one feature is scored on: rows that fire it, and silent ones."""

    firing: npt.NDArray[np.int_]
    silent: npt.NDArray[np.int_]


def detection_samples(
    attributes: Sequence[Attribute | None],
    fires: npt.NDArray[np.bool_],
    near: npt.NDArray[np.bool_],
    truths: Truths,
    *,
    minimum_firing: int,
    rngs: Iterable[np.random.Generator],
) -> list[Sample | None]:
    """Return what each description is scored on; None where there are too few images.

    The silent ones are half near misses, half drawn at random, so that a description which merely names the
    neighbourhood of a feature earns no full marks.

    Parameters
    ----------
    fires, near : ndarray of bool, shape (images, features)
        On held-out images.
    truths : Truths
        Of the attributes, on the same images.
    minimum_firing : int
        Held-out firing images (of known truth) that a score needs.
    rngs : iterable of Generator
        What draws each feature's random silent images; one for all gives scores that depend on the features before.
    """
    samples: list[Sample | None] = [None] * len(attributes)
    for feature, (attribute, rng) in enumerate(zip(attributes, rngs, strict=False)):
        if attribute is None:
            continue
        known = ~np.isnan(truths[attribute])
        positive = np.flatnonzero(fires[:, feature] & known)
        close = np.flatnonzero(near[:, feature] & known)
        other = np.flatnonzero(~fires[:, feature] & ~near[:, feature] & known)
        if len(positive) < minimum_firing or not len(close) or not len(other):
            continue
        random = rng.choice(other, size=min(len(close), len(other)), replace=False)
        silent = np.concatenate([close[: len(random)] if len(random) < len(close) else close, random])
        samples[feature] = Sample(positive, silent)
    return samples


def detection_scores(
    attributes: Sequence[Attribute | None], samples: Sequence[Sample | None], truths: Truths
) -> npt.NDArray[np.float64]:
    """Return each description's balanced accuracy on its sample: 0.5 is chance, NaN too few images to tell."""
    scores = np.full(len(attributes), np.nan)
    for feature, (attribute, sample) in enumerate(zip(attributes, samples, strict=True)):
        if attribute is not None and sample is not None:
            truth = truths[attribute]
            scores[feature] = 0.5 * (float(truth[sample.firing].mean()) + 1.0 - float(truth[sample.silent].mean()))
    return scores
