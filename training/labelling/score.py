"""Score a description on held-out images: which of them fire the feature, and is it true where it fires?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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


def detection_scores(
    attributes: Sequence[Attribute | None],
    fires: npt.NDArray[np.bool_],
    near: npt.NDArray[np.bool_],
    truths: Truths,
    *,
    minimum_firing: int,
    rngs: Iterable[np.random.Generator],
) -> npt.NDArray[np.float64]:
    """Return each description's balanced accuracy on held-out images: 0.5 is chance, NaN too few images to tell.

    The negatives are half near misses, half random silent images, so that a description which merely names the
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
    scores = np.full(len(attributes), np.nan)
    for feature, (attribute, rng) in enumerate(zip(attributes, rngs, strict=False)):
        if attribute is None:
            continue
        truth = truths[attribute]
        known = ~np.isnan(truth)
        positive = np.flatnonzero(fires[:, feature] & known)
        close = np.flatnonzero(near[:, feature] & known)
        other = np.flatnonzero(~fires[:, feature] & ~near[:, feature] & known)
        if len(positive) < minimum_firing or not len(close) or not len(other):
            continue
        random = rng.choice(other, size=min(len(close), len(other)), replace=False)
        negative = np.concatenate([close[: len(random)] if len(random) < len(close) else close, random])
        scores[feature] = 0.5 * (float(truth[positive].mean()) + 1.0 - float(truth[negative].mean()))
    return scores
